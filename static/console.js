/* Sales Integration Console: small helpers. Every page reads, filters and submits without this file. */
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const each = (selector, fn, from = document) => from.querySelectorAll(selector).forEach(fn);
  const store = (key, value) => { try { return value === undefined ? localStorage.getItem(key) : localStorage.setItem(key, value); } catch { return null; } };

  // Theme before first paint; "system" leaves the choice to the browser.
  const setTheme = (theme) => {
    root.removeAttribute("data-theme"); root.removeAttribute("data-contrast");
    if (theme === "contrast") root.dataset.contrast = "more";
    else if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    each("[data-set-theme]", (b) => b.setAttribute("aria-checked", String(b.dataset.setTheme === theme)));
  };
  setTheme(store("theme") || "system");

  // Selection: the count is announced, the bar with the acts follows.
  const refreshSelection = (list) => {
    const rows = [...list.querySelectorAll("tbody .pick input")], all = list.querySelector("[data-all]"), bulk = list.querySelector(".bulk");
    const every = bulk?.querySelector("[name=all]");
    if (every?.checked && rows.some((row) => !row.checked)) every.checked = false;
    const n = every?.checked ? Number(every.value) : rows.filter((row) => row.checked).length;
    rows.forEach((row) => row.closest("tr").classList.toggle("is-selected", row.checked));
    if (all) { all.checked = n > 0 && n >= rows.length; all.indeterminate = n > 0 && n < rows.length; }
    if (bulk) { bulk.classList.toggle("is-open", n > 0); bulk.querySelector("[data-n]").textContent = `${n.toLocaleString("en")} selected`; }
  };

  // With Shift, all rows from the one before get the state of this one.
  let before = null;
  const pickRange = (box, isRange) => {
    const list = box.closest("[data-list]"), rows = [...list.querySelectorAll("tbody .pick input")];
    const from = rows.indexOf(before), to = rows.indexOf(box);
    if (isRange && from >= 0) rows.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((row) => { row.checked = box.checked; });
    before = box;
    refreshSelection(list);
  };

  // The filter pane: what the link does by loading the page anew, at once; the address keeps it.
  const togglePane = () => {
    const pane = document.getElementById("pane"), opener = document.querySelector("[data-pane][aria-controls]");
    if (!pane) return;
    pane.hidden = !pane.hidden;
    pane.parentElement.classList.toggle("with-pane--closed", pane.hidden);
    opener.setAttribute("aria-expanded", String(!pane.hidden));
    const here = new URL(location);
    if (pane.hidden) here.searchParams.delete("pane"); else here.searchParams.set("pane", "open");
    history.replaceState(history.state, "", here);
    (pane.hidden ? opener : pane.querySelector(".input")).focus();
  };

  addEventListener("DOMContentLoaded", () => {
    setTheme(root.dataset.contrast ? "contrast" : root.dataset.theme || "system");
    each("[data-list]", refreshSelection);
    document.querySelector("[data-autofocus]")?.focus();
  });
  addEventListener("pageshow", () => each("[data-list]", refreshSelection));

  document.addEventListener("click", (event) => {
    const hit = (selector) => event.target.closest(selector);
    each("details.menu[open]", (menu) => { if (!menu.contains(event.target) || hit(".menu__list a, .menu__list button")) menu.open = false; });
    let el;
    if (event.shiftKey && (el = hit("[data-more]"))) { event.preventDefault(); location.assign(el.dataset.more); return; }
    if ((el = hit("tbody .pick input"))) pickRange(el, event.shiftKey);
    if ((el = hit("[data-pane]"))) { event.preventDefault(); togglePane(); return; }
    if (hit("[aria-disabled=true]")) { event.preventDefault(); return; }
    if ((el = hit("[data-set-theme]"))) { store("theme", el.dataset.setTheme); setTheme(el.dataset.setTheme); }
    if ((el = hit("[data-copy]"))) {
      const copied = () => { el.lastChild.replaceWith("Copied"); };
      navigator.clipboard?.writeText(document.querySelector(el.dataset.copy).textContent).then(copied, () => {});
    }
    if ((el = hit("[data-pause]"))) {
      const paused = el.getAttribute("aria-pressed") !== "true";
      el.setAttribute("aria-pressed", String(paused));
    }
    if (hit("[data-keys]")) document.getElementById("keys").showModal();
    if ((el = hit("[data-clear]"))) {
      const list = el.closest("[data-list]");
      each("tbody .pick input", (row) => { row.checked = false; }, list); refreshSelection(list);
    }
  });

  document.addEventListener("change", (event) => {
    const list = event.target.closest(".pick, .bulk__all") && event.target.closest("[data-list]");
    if (!list) return;
    if (event.target.matches("[data-all], [name=all]")) each("tbody .pick input", (row) => { row.checked = event.target.checked; }, list);
    refreshSelection(list);
  });

  // A guide is left by any link: what was typed goes along, and the server asks once (C-0203).
  document.addEventListener("input", (event) => event.target.closest("[data-leave]")?.setAttribute("data-typed", ""));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]"), form = document.querySelector("[data-leave][data-typed]");
    const elsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || link?.target || link?.origin !== location.origin;
    if (!link || !form || elsewhere || event.defaultPrevented || (link.hash && link.pathname === location.pathname)) return;
    event.preventDefault();
    form.elements.next.value = link.pathname + link.search;
    form.requestSubmit(form.querySelector("[value=leave]"));
  });

  // Following what runs is quiet: not in a hidden tab, not under somebody's fingers or selection.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const busy = document.activeElement?.closest("[data-fresh]") || document.querySelector("[data-fresh] details[open], [data-fresh] .pick input:checked, [data-pause][aria-pressed=true]") || !getSelection().isCollapsed;
    if (event.target.matches("[data-follow]") && (document.hidden || busy)) event.preventDefault();
  });

  // Keys, as in Business Central; "?" shows them, and there they can be turned off.
  const isTyping = (el) => el.matches("input:not([type=checkbox], [type=radio]), textarea, select");
  document.addEventListener("keydown", (event) => {
    const focus = (selector) => { const el = document.querySelector(selector); if (el) { event.preventDefault(); el.focus(); el.select?.(); } };
    if (event.key === "Escape") each("details.menu[open]", (menu) => { menu.open = false; menu.querySelector("summary").focus(); });
    if (event.key === "Escape") { const help = event.target.closest?.(".help[open]"); if (help) { help.open = false; help.querySelector("summary").focus(); } }
    const dialog = document.getElementById("keys");
    if (event.key === "?" && dialog && !isTyping(event.target)) { dialog.open ? dialog.close() : dialog.showModal(); return; }
    if (store("keys") === "off") return;
    if (event.altKey && event.key.toLowerCase() === "q") focus("[data-tellme]");
    if (event.key === "F3" && event.shiftKey) { if (document.getElementById("pane")) { event.preventDefault(); togglePane(); } }
    else if (event.key === "F3") focus(".quick .input");
    if (event.key === "Enter" && event.ctrlKey) {
      const form = event.target.form, button = form?.querySelector("button.btn--primary");
      if (form && form.method === "post") { event.preventDefault(); form.requestSubmit(button || undefined); }
    }
  });
  document.addEventListener("change", (event) => { if (event.target.matches("[data-keys-on]")) store("keys", event.target.checked ? "on" : "off"); });
  addEventListener("DOMContentLoaded", () => each("[data-keys-on]", (box) => { box.checked = store("keys") !== "off"; }));
})();
