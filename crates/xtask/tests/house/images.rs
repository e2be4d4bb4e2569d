//! Every picture that a document shows is there, whole and small, and none lies about that no document shows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Documents with pictures lie in these folders.
const FOLDERS: [&str; 2] = [".", "docs"];
const IMAGES: &str = "docs/images";
/// A repository is cloned more often than a picture is looked at.
const BYTES_MAX: u64 = 150_000;
/// What a PNG begins and ends with (<https://www.w3.org/TR/png/#3PNGsignature>, <https://www.w3.org/TR/png/#11IEND>).
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const END: &[u8] = b"IEND\xae\x42\x60\x82";

/// The pictures that a document shows, by Markdown or by HTML, as it names them.
fn shown(document: &str) -> Vec<&str> {
    let after = ["](", "src=\"", "srcset=\""];
    let starts = after.iter().flat_map(|mark| document.match_indices(mark).map(|(at, _)| at + mark.len()));
    let names = starts.filter_map(|at| document[at..].split([')', '"', ' ', '\n']).next());
    names.filter(|name| name.ends_with(".png")).collect()
}

/// The pictures of every document, relative to the root.
fn all_shown() -> BTreeSet<PathBuf> {
    let mut pictures = BTreeSet::new();
    for folder in FOLDERS {
        for entry in std::fs::read_dir(super::root().join(folder)).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let text = std::fs::read_to_string(&path).expect("a readable document");
                let folder = Path::new(folder).strip_prefix(".").unwrap_or(Path::new(folder));
                pictures.extend(shown(&text).into_iter().map(|name| folder.join(name)));
            }
        }
    }
    pictures
}

fn complaint(png: &[u8]) -> Option<&'static str> {
    if !png.starts_with(SIGNATURE) || !png.ends_with(END) {
        return Some("is no whole PNG");
    }
    (png.len() as u64 > BYTES_MAX).then_some("is too large; `cargo xtask screenshots` makes pictures small")
}

#[test]
fn every_picture_in_a_document_is_there_whole_and_small() {
    let pictures = all_shown();
    assert!(pictures.contains(Path::new("docs/images/journey.png")), "the documents were not understood: {pictures:?}");
    for picture in pictures {
        let png = std::fs::read(super::root().join(&picture)).unwrap_or_default();
        assert_eq!(complaint(&png), None, "{}", picture.display());
    }
}

#[test]
fn every_picture_is_shown_by_a_document() {
    let shown = all_shown();
    for entry in std::fs::read_dir(super::root().join(IMAGES)).expect("a readable folder") {
        let picture = Path::new(IMAGES).join(entry.expect("a readable entry").file_name());
        assert!(shown.contains(&picture), "no document shows {}", picture.display());
    }
}

#[test]
fn pictures_are_found_in_markdown_and_html_and_broken_ones_are_told() {
    let document =
        "![a](images/a.png) [b](b.md)\n<source srcset=\"images/c.png\"><img src=\"images/d.png\" alt=\"(e.png)\">";
    assert_eq!(shown(document), ["images/a.png", "images/d.png", "images/c.png"]);
    assert!(complaint(b"").is_some() && complaint(SIGNATURE).is_some());
    assert_eq!(complaint(&[SIGNATURE, END].concat()), None);
    assert!(complaint(&[SIGNATURE, &[0; 150_000], END].concat()).is_some_and(|why| why.contains("too large")));
}
