"use strict";
// Adds the button that opens the browser's own printing; without it, the keys are named instead.
const button = document.querySelector(".print-now");
button.hidden = false;
button.addEventListener("click", () => window.print());
document.querySelector(".print-by-hand").hidden = true;
