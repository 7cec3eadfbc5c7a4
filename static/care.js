/* Asks before typed entries are left behind (C-0003), and copies what an error says (C-0006). */
(() => {
  let edited = null;
  document.addEventListener("input", (event) => { edited = event.target.closest?.("form[data-asks]") || edited; });
  for (const goes of ["submit", "typed-is-kept"]) document.addEventListener(goes, () => { edited = null; });
  document.addEventListener("click", (event) => { if (event.target.closest?.("[data-discard]")) edited = null; });
  addEventListener("beforeunload", (event) => { if (edited) event.preventDefault(); });

  const offer = (error) => {
    const said = [error.innerText.trim(), document.title, location.origin + location.pathname, new Date().toISOString()];
    // What a button answered stands on the next page, with the id of the request that failed.
    if (!error.querySelector("[data-correlation]")) said.push(`Correlation id ${document.querySelector("meta[name=correlation-id]").content}`);
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "btn btn--link", textContent: "Copy details" });
    button.addEventListener("click", () => navigator.clipboard.writeText(said.join("\n")).then(() => { button.textContent = "Copied"; }, () => {}));
    error.append(button);
  };
  if (navigator.clipboard) document.querySelectorAll(".notice.bad[role=alert], .ask [data-says]").forEach(offer);
})();
