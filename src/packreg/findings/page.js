"use strict";
const form = document.getElementById("filter");
form.hidden = false;
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => {
  const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const severity = form.elements.severity.value, level = form.elements.level.value;
  for (const entity of document.querySelectorAll("details.entity")) {
    let shown = 0;
    for (const finding of entity.querySelectorAll(".finding")) {
      const text = (entity.dataset.name + " " + finding.textContent).toLowerCase();
      finding.hidden = !(words.every((word) => text.includes(word)) &&
        (!severity || finding.dataset.severity === severity) && (!level || finding.dataset.level === level));
      shown += !finding.hidden;
    }
    entity.hidden = !shown;
    if (words.length || severity || level) entity.open = true;
  }
});
