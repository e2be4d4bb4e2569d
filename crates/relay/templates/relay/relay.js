// What the matrix can do beyond being whole without it: arrow keys walk its cells, and a cell opens beside the matrix.
"use strict";
(() => {
  const table = () => document.querySelector(".r-matrix");
  const spot = (row, at) => {
    const cells = [...row.cells].filter((cell) => !cell.classList.contains("r-sum"));
    return cells[at];
  };

  // Steps over places at which there is nothing, until there is something or the matrix ends.
  const step = (from, down, right) => {
    let row = from.parentElement;
    let at = [...row.cells].indexOf(from);
    for (let tries = 0; tries < 2000; tries += 1) {
      at += right;
      if (down > 0) row = row.nextElementSibling;
      if (down < 0) row = row.previousElementSibling;
      const cell = row && spot(row, at);
      if (!cell || at < 0) return null;
      const link = cell.querySelector("a");
      if (link) return link;
    }
    return null;
  };

  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  document.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    const cell = event.target.closest && event.target.closest(".r-matrix tbody :is(td, th)");
    if (!move || !cell || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const next = step(cell, ...move);
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  // A cell's link leads to a page; a plain click shows what stands there without leaving the matrix.
  let dialog = null;
  const open = async (link) => {
    let answer;
    try {
      answer = await fetch(link.href, { headers: { accept: "text/html" } });
    } catch {
      return void (location.href = link.href);
    }
    if (!answer.ok || answer.redirected) return void (location.href = link.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const details = page.getElementById("details");
    if (!details) return void (location.href = link.href);
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.className = "r-dialog";
      document.body.append(dialog);
      dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    }
    const bar = document.createElement("p");
    bar.className = "r-dialog-bar";
    const whole = document.createElement("a");
    whole.href = link.href;
    whole.textContent = "Open as a page";
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => dialog.close());
    bar.append(whole, close);
    details.removeAttribute("data-live");
    details.removeAttribute("id");
    dialog.replaceChildren(bar, document.adoptNode(details));
    dialog.addEventListener("close", () => link.focus(), { once: true });
    dialog.showModal();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[data-open]");
    if (!link || !table() || event.button !== 0 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link);
  });
})();
