/* Warns before the session ends and lets it go on; where it ends, what was typed waits in this tab. */
(() => {
  const dialog = document.getElementById("idle");
  if (!dialog) return;
  const form = dialog.querySelector("form"), time = dialog.querySelector("[data-time]");
  const warning = Number(dialog.dataset.warning) * 1000;
  const KEPT = "typed", SECRET = /secret|password|key|token|certificate|connection_string/i;
  let ends = 0, timer = 0;

  const after = (milliseconds, what) => { clearTimeout(timer); timer = setTimeout(what, Math.max(milliseconds, 200)); };
  const words = (milliseconds) => {
    const seconds = Math.max(1, Math.ceil(milliseconds / 1000));
    return seconds > 90 ? `${Math.ceil(seconds / 60)} minutes` : seconds === 1 ? "1 second" : `${seconds} seconds`;
  };

  // Other tabs may have gone on, so the console is asked before a warning and before the end.
  const ask = (method = "GET", address = dialog.dataset.ask) => fetch(address, {
    method, headers: { Accept: "application/json" }, credentials: "same-origin", body: method === "GET" ? undefined : new FormData(form),
  }).then((answer) => (answer.ok ? answer.json() : { left: 0 })).then(({ left }) => go(left * 1000), () => after(5000, ask));

  const go = (left) => {
    ends = Date.now() + left;
    if (left <= 0) { over(); return; }
    if (left > warning) { if (dialog.open) dialog.close(); after(left - warning, () => ask()); return; }
    if (!dialog.open) dialog.showModal();
    tick();
  };
  const tick = () => {
    const left = ends - Date.now();
    time.textContent = words(left);
    after(1000, left <= 0 ? () => ask() : Math.ceil(left / 1000) % 15 === 0 ? () => ask() : tick);
  };

  const fields = () => [...document.querySelectorAll("main form[method=post] :is(input, textarea, select)")]
    .filter((el) => el.name && !["hidden", "password", "file", "submit"].includes(el.type) && !SECRET.test(el.name));
  const state = (el) => (el.matches("[type=checkbox], [type=radio]") ? el.checked : el.value);
  const original = (el) => el.matches("[type=checkbox], [type=radio]") ? el.defaultChecked
    : el.matches("select") ? ([...el.options].find((one) => one.defaultSelected) || el.options[0])?.value : el.defaultValue;
  const name = (el) => [el.form.getAttribute("action"), el.name, el.matches("[type=radio]") ? el.value : ""].join(" ");

  const over = () => {
    const typed = fields().filter((el) => state(el) !== original(el)).map((el) => [name(el), state(el)]);
    try { if (typed.length) sessionStorage.setItem(KEPT, JSON.stringify({ who: dialog.dataset.who, where: dialog.dataset.back, typed })); } catch { /* then it is gone */ }
    document.dispatchEvent(new Event("typed-is-kept"));
    location.assign(dialog.dataset.back);
  };
  const restore = () => {
    let kept = null;
    try { kept = JSON.parse(sessionStorage.getItem(KEPT)); sessionStorage.removeItem(KEPT); } catch { return; }
    if (!kept || kept.who !== dialog.dataset.who || kept.where !== dialog.dataset.back) return;
    const typed = new Map(kept.typed);
    fields().filter((el) => typed.has(name(el))).forEach((el) => {
      if (el.matches("[type=checkbox], [type=radio]")) el.checked = typed.get(name(el)); else el.value = typed.get(name(el));
      el.dispatchEvent(new Event("change", { bubbles: true }));
    });
  };

  form.addEventListener("submit", (event) => {
    if (event.submitter?.getAttribute("form")) return;
    event.preventDefault();
    ask("POST", form.action);
  });
  dialog.addEventListener("cancel", () => ask("POST", form.action)); // Esc
  document.addEventListener("visibilitychange", () => { if (!document.hidden && ends) ask(); });
  addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
  restore();
  go(Number(dialog.dataset.left) * 1000);
})();
