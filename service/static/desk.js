// Comfort on the desk's page: lights evidence, counts choices, keys.  Everything works without it.
"use strict";

const KEYS_OFF = "tsunagi.keys-off";
const byId = (id) => document.getElementById(id);

// A suggestion, trouble or flag (data-key) and the words it rests on (data-links) light each other.
function light(from) {
  document.querySelectorAll(".lit").forEach((node) => node.classList.remove("lit"));
  const source = from?.closest?.("[data-links], [data-key]");
  if (!source) return;
  const keys = (source.dataset.links ?? source.dataset.key).split(" ");
  for (const key of keys) {
    document.querySelectorAll(`[data-key="${key}"], [data-links~="${key}"]`)
      .forEach((node) => node.classList.add("lit"));
  }
}
document.addEventListener("mouseover", (event) => light(event.target));
document.addEventListener("focusin", (event) => light(event.target));

// Links of the page itself also open what hides their target.
function reveal() {
  const target = byId(location.hash.slice(1));
  for (let node = target; node; node = node.parentElement) {
    if (node.tagName === "DETAILS") node.open = true;
  }
  if (target && !target.hasAttribute("tabindex")) target.tabIndex = -1;
  target?.focus({ preventScroll: true });
  target?.scrollIntoView({ block: "center" });
  // Not in the address: a reload would jump.
  if (target) history.replaceState(null, "", location.pathname);
}
window.addEventListener("hashchange", reveal);

// Choosing: what is chosen is not rejected, and the other way round.
function count() {
  const counter = byId("chosen-count");
  if (counter) counter.textContent = document.querySelectorAll('[name="choose"]:checked').length;
}
document.addEventListener("change", (event) => {
  const pick = event.target.closest(".pick");
  if (pick) {
    if (event.target.type === "checkbox" && event.target.checked) pick.querySelector("select").value = "";
    if (event.target.tagName === "SELECT" && event.target.value) pick.querySelector("input").checked = false;
    count();
  }
  if (event.target.id === "keys-on") {
    try {
      localStorage.setItem(KEYS_OFF, event.target.checked ? "" : "1");
    } catch { /* a browser without storage asks again next time */ }
  }
});

// By trouble, or as one list: the same cards, moved, so that choices and reading order stay right.
let isRanked = false;
let homes = [];
function showRanked() {
  const lists = byId("lists");
  const cards = [...lists.querySelectorAll(".card")];
  homes = cards.map((card) => {
    const home = document.createComment("");
    card.replaceWith(home);
    return [home, card];
  });
  const list = document.createElement("section");
  list.id = "ranked";
  list.className = "group";
  list.setAttribute("aria-label", "順位の順");
  cards.sort((a, b) => a.dataset.rank - b.dataset.rank);
  list.append(...cards);
  lists.classList.add("is-ranked");
  lists.append(list);
}
function showByTrouble() {
  homes.forEach(([home, card]) => home.replaceWith(card));
  byId("ranked")?.remove();
  byId("lists").classList.remove("is-ranked");
}
function toggle(button) {
  const words = button.textContent;
  isRanked = !isRanked;
  if (isRanked) showRanked(); else showByTrouble();
  button.textContent = button.dataset.other;
  button.dataset.other = words;
  byId("said").textContent = isRanked ? "順位の順に並べました" : "課題ごとに並べました";
}

// In the capturing phase: before htmx sends what can be done here.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("#view, #clear");
  if (!button || (button.id === "view" && button.value !== "ranked")) return;
  event.preventDefault();
  event.stopPropagation();
  if (button.id === "view") {
    toggle(button);
    return;
  }
  document.querySelectorAll('[name="choose"]').forEach((box) => { box.checked = false; });
  document.querySelectorAll(".pick select").forEach((list) => { list.value = ""; });
  count();
  byId("said").textContent = "選んだものを全部外しました";
}, true);

// After an answer: say how much there is, and go where the change is told.
new MutationObserver(() => {
  const result = byId("result").querySelector("[data-said]");
  if (!result || result.dataset.told) return;
  result.dataset.told = "1";
  byId("said").textContent = result.dataset.said;
  const view = byId("view");
  if (isRanked && view) { isRanked = false; toggle(view); }
  count();
  if (document.activeElement === document.body) byId("changes")?.focus({ preventScroll: true });
}).observe(byId("result"), { childList: true });

// One-letter keys; they can be switched off (WCAG 2.1.4).
const GO = { n: "note", r: "result", q: "questions" };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
  if (!byId("keys-on").checked) return;
  const key = event.key.toLowerCase();
  if (key === "?") {
    byId("keys").open = !byId("keys").open;
  } else if (key === "l" && byId("view")) {
    byId("view").click();
  } else if (GO[key] && byId(GO[key])) {
    byId(GO[key]).focus();
    byId(GO[key]).scrollIntoView({ block: "nearest" });
  } else {
    return;
  }
  event.preventDefault();
});
try {
  byId("keys-on").checked = localStorage.getItem(KEYS_OFF) !== "1";
} catch { /* no storage: the keys are on */ }

// On paper everything is open.
window.addEventListener("beforeprint", () => {
  document.querySelectorAll("#result details:not(.refusal)").forEach((node) => { node.open = true; });
});
count();
