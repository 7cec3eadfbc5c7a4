/* More of Business Central's keys (C-6008): filter to a value, new, FastTabs, all pages; turned off with the others. */
(() => {
  const isOff = () => { try { return localStorage.getItem("keys") === "off"; } catch { return false; } };
  const isTyping = (el) => el.matches("input:not([type=checkbox], [type=radio]), textarea, select");
  const cellOf = (el) => el?.closest?.("tbody td, tbody th");
  let cell = null; // the last one that was clicked or reached by arrow

  // Arrows go from cell to cell once a row has the focus, so that any value can be reached without a mouse.
  const step = (from, right, down) => {
    const rows = [...from.closest("tbody").rows], row = rows[rows.indexOf(from.parentElement) + down];
    const next = row?.cells[from.cellIndex + right];
    if (!next) return false;
    next.tabIndex = -1; // only where somebody goes, so that Tab keeps its few stops
    next.focus();
    return true;
  };
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  const tabs = () => [...document.querySelectorAll("main details.fasttab")];
  const toggleTabs = () => { const open = tabs().some((one) => !one.open); tabs().forEach((one) => { one.open = open; }); };

  document.addEventListener("focusin", (event) => { cell = cellOf(event.target) || cell; });
  document.addEventListener("click", (event) => { cell = cellOf(event.target) || cell; });
  document.addEventListener("keydown", (event) => {
    if (isOff()) return;
    const here = cellOf(event.target), arrow = ARROWS[event.key];
    if (arrow && here && !isTyping(event.target) && !event.altKey && !event.ctrlKey && !event.shiftKey && step(here, ...arrow)) event.preventDefault();
    if (event.key === "F3" && event.altKey) {
      const wanted = cell?.isConnected && cell.dataset.narrow;
      if (wanted) { event.preventDefault(); location.assign(wanted); }
    }
    if (event.key.toLowerCase() === "n" && event.altKey && !event.ctrlKey) {
      const one = document.querySelector("main [data-new]");
      if (one) { event.preventDefault(); one.matches("a") ? one.click() : one.focus(); }
    }
    if (event.key === "F2" && event.altKey && tabs().length) { event.preventDefault(); toggleTabs(); }
    if (event.key === "F12" && event.shiftKey) {
      const pages = document.getElementById("pages");
      if (pages) { event.preventDefault(); pages.open ? pages.close() : pages.showModal(); }
    }
  });
})();
