"use strict";
// The terminal takes keys as soon as it shows something, and the end of it can be left with Enter.

function follow() {
  const state = document.body.classList;
  if (state.contains("-closed")) {
    document.querySelector("#again").focus();
  } else if (state.contains("-first-byte")) {
    document.querySelector(".xterm-helper-textarea")?.focus();
  }
}

new MutationObserver(follow).observe(document.body, { attributes: true, attributeFilter: ["class"] });
document.querySelector("#again").addEventListener("click", () => window.location.replace("/"));
follow();
