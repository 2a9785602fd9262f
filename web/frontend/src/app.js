// What every page has: a button pressed once is pressed once.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.hasAttribute("data-again")) return;
  // After the form has been collected, so that the pressed button's own value is still sent.
  setTimeout(() => {
    for (const button of event.target.querySelectorAll("button[type=submit], button:not([type])")) button.disabled = true;
  });
});

// Back from the browser's history, the form works again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
});
