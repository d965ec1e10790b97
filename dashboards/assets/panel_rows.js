// What a panel shows as a file, told by the browser where no question stands behind it.
(() => {
  const gatelens = (window.gatelens = window.gatelens || {});
  const tables = new Map();

  // A table or chart says by which rows it is told, the first of them the headings.
  gatelens.useRows = (panel, rows) => {
    React.useEffect(() => {
      tables.set(panel, rows);
      return () => { if (tables.get(panel) === rows) tables.delete(panel); };
    });
  };

  // Text that a spreadsheet would take for a formula stays text.
  const field = (value) => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) && !/^-?[\d.]/.test(value) ? `'${value}` : String(value);
    return `"${text.replace(/"/g, '""')}"`;
  };

  const save = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `gatelens-${name}`;
    link.click();
    URL.revokeObjectURL(link.href);
  };

  gatelens.hasRows = (panel) => tables.has(panel);
  gatelens.saveCsv = (panel) => {
    const text = tables.get(panel)().map((row) => row.map(field).join(",")).join("\r\n");
    save(new Blob([text], { type: "text/csv" }), `${panel}.csv`);
  };
  gatelens.saveXlsx = async (panel) => {
    const answer = await fetch("/page/xlsx", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ rows: tables.get(panel)() }),
    }).catch(() => null);
    if (answer?.ok) save(await answer.blob(), `${panel}.xlsx`);
    else gatelens.say("The workbook was not made; try again in a moment, or download CSV.");
  };
})();
