// What the pages can do beyond being whole without it: copy ids, keep relative times true, and follow what happens.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Times. The server's clock counts; the browser's only says how long it has been since.
  const skew = Number(root.dataset.now) - Date.now();
  const unit = (s) =>
    s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min` : s < 86400 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} d`;
  const say = (node, text) => { if (node.textContent !== text) node.textContent = text; };
  const tick = () => {
    const now = Date.now() + skew;
    for (const time of $$("time[data-at]")) {
      const seconds = Math.floor((now - time.dataset.at) / 1000);
      say(time, seconds < 0 ? `in ${unit(-seconds)}` : seconds === 0 ? "just now" : `${unit(seconds)} ago`);
    }
    for (const time of $$("time[data-since]")) say(time, unit(Math.max(0, Math.floor((now - time.dataset.since) / 1000))));
  };
  setInterval(() => { if (!document.hidden) tick(); }, 1000);

  // One click on a button: copy, or switch the colours without a journey to the server and back.
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest(".copy");
    if (copy) {
      event.preventDefault();
      try {
        await navigator.clipboard.writeText(copy.dataset.copy);
      } catch {
        return;
      }
      const use = $("use", copy);
      use.setAttribute("href", "#icon-done");
      copy.classList.add("copied");
      setTimeout(() => { use.setAttribute("href", "#icon-copy"); copy.classList.remove("copied"); }, 1200);
      return;
    }
    for (const open of $$("details.account[open], details.menu[open]")) if (!open.contains(event.target)) open.open = false;
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches(".theme")) return;
    event.preventDefault();
    const order = ["auto", "dark", "light"];
    const theme = event.submitter.value;
    const next = order[(order.indexOf(theme) + 1) % 3];
    root.dataset.theme = theme;
    for (const button of $$(".theme button")) {
      button.value = next;
      button.title = `Colours: ${theme}. Switch to ${next}.`;
      button.setAttribute("aria-label", button.title);
      $("use", button).setAttribute("href", `#icon-${theme}`);
    }
    fetch("/theme", { method: "POST", redirect: "manual", body: new URLSearchParams({ theme }) }).catch(() => {});
  });

  // The browser's zone, for who wants times told in it. Only the script knows it; the server is told once, and again when it
  // has changed.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const found of $$('form.zone input[name="found"]')) found.value = zone;
  const remembered = (what) => { try { return sessionStorage.getItem("zone") === what; } catch { return true; } };
  if (zone && root.dataset.zone && root.dataset.zone !== zone && !remembered(zone)) {
    sessionStorage.setItem("zone", zone);
    fetch("/zone", { method: "POST", redirect: "manual", body: new URLSearchParams({ zone: "browser", found: zone }) })
      .then(() => location.reload())
      .catch(() => {});
  }

  // Keys: the search box by / or ⌘K, the list of keys by ?, and Escape closes what is open; a dialog closes by itself.
  const keys = $("dialog#keys");
  const showKeys = () => { if (keys && !keys.open) keys.showModal(); };
  $(".keys-link")?.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button || !keys) return;
    event.preventDefault();
    showKeys();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const search = $(".search input");
    if (search && ((event.key === "/" && !typing) || (event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey)))) {
      event.preventDefault();
      if (keys?.open) keys.close();
      search.focus();
      search.select();
    } else if (event.key === "?" && !typing && !event.metaKey && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      showKeys();
    } else if (event.key === "Escape") {
      for (const open of $$("details.account[open], details.menu[open]")) { open.open = false; $("summary", open).focus(); }
      if (typing === search && search) search.blur();
    }
  });

  // Live regions. A hint says that something changed; the page itself is fetched again, and what differs is put in place.
  const main = $("main[data-topics]");
  const sign = $(".live");
  if (!main || !sign || !window.EventSource) return;
  const topics = new Set(main.dataset.topics.split(" "));
  const pause = $(".pause", sign);
  const count = $(".fresh-count", sign);
  let paused = false;
  let wanted = false;
  let busy = false;
  let waiting = null;

  const show = (state) => {
    sign.dataset.liveState = state;
    say($(".live-word", sign), state === "paused" ? "paused" : "live");
  };

  // Makes `old` equal to `next`, touching only what differs, so that nothing jumps, no open line closes and no selection is lost.
  const merge = (old, next) => {
    if (old.isEqualNode(next)) return;
    if (old.nodeType !== 1 || old.nodeName !== next.nodeName) return void old.replaceWith(next);
    if (old.nodeName === "TIME") {
      for (const { name, value } of [...next.attributes]) old.setAttribute(name, value);
      // A relative time is told by the clock of this page.
      if (!("at" in next.dataset || "since" in next.dataset)) say(old, next.textContent);
      return;
    }
    // An action's id is new on every page; the old one is as good.
    if (old.nodeName === "INPUT" || old.nodeName === "FORM") return;
    for (const { name } of [...old.attributes]) if (!next.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    for (const { name, value } of [...next.attributes]) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    const keyed = new Map();
    for (const child of old.children) if (child.dataset.key) keyed.set(child.dataset.key, child);
    if (keyed.size || [...next.children].some((child) => child.dataset.key)) {
      let at = old.firstElementChild;
      for (const child of [...next.children]) {
        const known = keyed.get(child.dataset.key);
        if (!known) {
          child.classList.add("fresh");
          old.insertBefore(child, at);
          continue;
        }
        keyed.delete(child.dataset.key);
        if (known !== at) old.insertBefore(known, at);
        else at = at.nextElementSibling;
        const before = known.textContent;
        merge(known, child);
        if (stateOf(before) !== stateOf(known.textContent)) flash(known);
      }
      for (const gone of keyed.values()) gone.remove();
      return;
    }
    const olds = [...old.childNodes];
    const nexts = [...next.childNodes];
    nexts.forEach((child, i) => (olds[i] ? merge(olds[i], child) : old.append(child)));
    for (const left of olds.slice(nexts.length)) left.remove();
  };

  // Relative times change by themselves and are no news.
  const stateOf = (text) => text.replace(/(in )?\d+ (s|min|h|d)( ago)?|just now/g, "").replace(/\s+/g, " ");
  const flash = (node) => {
    node.classList.remove("fresh");
    requestAnimationFrame(() => node.classList.add("fresh"));
  };
  document.addEventListener("animationend", (event) => {
    if (event.animationName === "fresh") event.target.classList.remove("fresh");
  });

  const news = (page) => {
    let fresh = 0;
    for (const region of $$("[data-live]", page)) {
      for (const row of $$("[data-key]", region)) if (!document.getElementById(row.id)) fresh += 1;
    }
    return fresh;
  };

  const apply = (page) => {
    for (const region of $$("[data-live]")) {
      const next = page.getElementById(region.id);
      if (next) merge(region, document.adoptNode(next));
    }
    document.title = page.title;
    // What has come to its end follows nothing any more.
    if (!$("main[data-topics]", page)) end();
    const missing = $(".missing", page);
    if (missing && $(".missing")) merge($(".missing"), document.adoptNode(missing));
    tick();
  };

  const redraw = async () => {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.redirected) return void location.reload();
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!paused) return void apply(page);
    waiting = page;
    const fresh = news(page);
    count.hidden = false;
    say(count, fresh ? `${fresh} new` : "changed");
  };

  // A part of the page alone. `false`, if it cannot stand in its place: then the page has become another.
  const redrawPart = async (part) => {
    const answer = await fetch(part.dataset.part, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return false;
    const template = document.createElement("template");
    template.innerHTML = await answer.text();
    const next = template.content.firstElementChild;
    if (!next || next.id !== part.id || next.dataset.shape !== part.dataset.shape) return false;
    const before = stateOf(part.textContent);
    merge(part, document.adoptNode(next));
    if (part.dataset.key && stateOf(part.textContent) !== before) flash(part);
    return true;
  };

  const parts = new Set();
  const PARTS_MAX = 8;
  const refresh = async () => {
    if (busy || document.hidden) return;
    busy = true;
    const whole = wanted || paused || parts.size > PARTS_MAX;
    const some = [...parts].filter((part) => part.isConnected);
    wanted = false;
    parts.clear();
    try {
      if (whole || (await Promise.all(some.map(redrawPart))).includes(false)) await redraw();
      tick();
    } catch {
      // The server is away; the stream comes back by itself and then says so.
    } finally {
      // At most one look a second, however many hints.
      setTimeout(() => { busy = false; if (wanted || parts.size) refresh(); }, 1000);
    }
  };

  // What a hint asks for: parts that can be drawn alone, or the page, if it concerns something that no part shows.
  const hear = (hints) => {
    if (hints.includes("*")) return void (wanted = true);
    const shown = new Map();
    for (const part of $$("[data-part]")) for (const topic of part.dataset.topic.split(" ")) shown.set(topic, part);
    for (const hint of hints) if (shown.has(hint)) parts.add(shown.get(hint));
    for (const topic of topics) {
      const view = topic.startsWith("record/") ? topic.split("/", 2).join("/") : topic;
      if (!hints.includes(view)) continue;
      const records = hints.filter((hint) => hint.startsWith(`${view}/`));
      const own = view === topic ? records : records.filter((hint) => hint.startsWith(`${topic}/`));
      if (!records.length || own.some((hint) => !shown.has(hint))) wanted = true;
    }
  };

  const end = () => {
    stream.close();
    sign.remove();
    delete main.dataset.topics;
  };

  const resume = () => {
    paused = false;
    pause.textContent = "pause";
    pause.setAttribute("aria-pressed", "false");
    count.hidden = true;
    show(stream.readyState === EventSource.OPEN ? "on" : "off");
    if (waiting) apply(waiting);
    waiting = null;
  };
  pause.addEventListener("click", () => {
    if (paused) return resume();
    paused = true;
    pause.textContent = "resume";
    pause.setAttribute("aria-pressed", "true");
    show("paused");
  });
  count.addEventListener("click", resume);

  const stream = new EventSource("/live");
  stream.addEventListener("open", () => { if (!paused) show("on"); });
  stream.addEventListener("error", () => { if (!paused) show("off"); });
  stream.addEventListener("changed", (event) => {
    hear(event.data.split(" "));
    if (wanted || parts.size) refresh();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && (wanted || parts.size)) refresh(); });
})();
