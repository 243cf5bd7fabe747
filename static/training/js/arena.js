/** Keys of the blind arena: each presses the button, or follows the link, that names it. */

const form = document.getElementById("arena");

document.addEventListener("keydown", (event) => {
  if (!form || event.isComposing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = [...form.querySelectorAll("[data-key], [data-code]")].find(
    (one) => (one.dataset.key && one.dataset.key === event.key) || (one.dataset.code && one.dataset.code === event.code),
  );
  if (!target) return;
  event.preventDefault();
  target.click();
});

form?.addEventListener("submit", () => {
  // One press, one vote: what is pressed while the page goes is for nobody.
  queueMicrotask(() => form.querySelectorAll("button").forEach((button) => (button.disabled = true)));
});
