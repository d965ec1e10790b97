// What a statement gave: a table of which only the rows in sight are drawn, one row in full, and a chart over time.
(() => {
  const gatelens = (window.gatelens = window.gatelens || {});
  const ROW = 30;
  const BEYOND = 12;
  const NARROWEST = 7;
  const WIDEST = 44;
  const MEASURED = 200;
  const MOST_SERIES = 6;
  const TICKS_MS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 604800, 2592000].map((seconds) => seconds * 1000);
  const h = (...all) => React.createElement(...all);

  const widths = (columns, rows) =>
    columns.map((column, place) => {
      let most = column.name.length + 3;
      for (const row of rows.slice(0, MEASURED)) most = Math.max(most, (row[place] ?? "NULL").length);
      return Math.min(WIDEST, Math.max(NARROWEST, most + 2));
    });

  const sorted = (rows, columns, order) => {
    const numbered = rows.map((cells, number) => ({ cells, number }));
    if (!order) return numbered;
    const { place, down } = order;
    const key = columns[place].numeric ? (text) => Number(text) : (text) => text;
    return numbered.sort((a, b) => {
      const [x, y] = [a.cells[place], b.cells[place]];
      if (x === null || y === null) return (x === null) - (y === null);
      const difference = columns[place].numeric ? key(x) - key(y) : x < y ? -1 : x > y ? 1 : 0;
      return down ? -difference : difference;
    });
  };

  const Cell = (value) => (value === null ? h("i", { className: "null" }, "NULL") : value);

  const OneRow = ({ columns, row, close }) => {
    const place = React.useRef(null);
    React.useEffect(() => place.current.scrollIntoView({ block: "nearest" }), [row]);
    return h("section", { ref: place, className: "sql-row", "aria-label": `Row ${row.number + 1} in full` },
      h("header", null, h("h3", null, `Row ${row.number + 1}`), h("button", { type: "button", className: "quiet", onClick: close }, "Close")),
      h("dl", null, columns.map((column, at) => h("div", { key: at }, h("dt", null, column.name), h("dd", null, Cell(row.cells[at]))))));
  };

  gatelens.SqlTable = ({ columns, rows }) => {
    const box = React.useRef(null);
    const [top, setTop] = React.useState(0);
    const [height, setHeight] = React.useState(600);
    const [order, setOrder] = React.useState(null);
    const [opened, open] = React.useState(null);
    const wide = React.useMemo(() => widths(columns, rows), [columns, rows]);
    const shown = React.useMemo(() => sorted(rows, columns, order), [rows, columns, order]);

    React.useEffect(() => {
      const watch = new ResizeObserver(([entry]) => setHeight(entry.contentRect.height));
      watch.observe(box.current);
      return () => watch.disconnect();
    }, []);

    const turn = (place) => setOrder(order?.place !== place ? { place, down: columns[place].numeric } : order.down === columns[place].numeric ? { place, down: !order.down } : null);
    const first = Math.max(0, Math.floor(top / ROW) - BEYOND);
    const last = Math.min(shown.length, Math.ceil((top + height) / ROW) + BEYOND);
    const filler = (rowsAway) => (rowsAway ? h("tr", { "aria-hidden": true, style: { height: rowsAway * ROW } }, h("td", { colSpan: columns.length + 1 })) : null);
    const numberWide = Math.max(5, String(rows.length).length + 3);

    return h(React.Fragment, null,
      h("div", { ref: box, className: "sql-grid", tabIndex: 0, role: "region", "aria-label": "Result", onScroll: (event) => setTop(event.currentTarget.scrollTop) },
        h("table", { id: "sql-table", "aria-rowcount": shown.length + 1, style: { width: `${wide.reduce((sum, each) => sum + each, numberWide)}ch` } },
          h("colgroup", null, h("col", { style: { width: `${numberWide}ch` } }), wide.map((each, place) => h("col", { key: place, style: { width: `${each}ch` } }))),
          h("thead", null, h("tr", null,
            h("th", { scope: "col", className: "number" }, h("span", { className: "only-read" }, "Row")),
            columns.map((column, place) => h("th", {
              key: place, scope: "col", className: column.numeric ? "numeric" : "", title: column.type,
              "aria-sort": order?.place === place ? (order.down ? "descending" : "ascending") : undefined,
            }, h("button", { type: "button", onClick: () => turn(place) }, column.name, order?.place === place ? h("i", { "aria-hidden": true }, order.down ? " ↓" : " ↑") : null))))),
          h("tbody", null, filler(first), shown.slice(first, last).map((row, place) =>
            h("tr", { key: row.number, "aria-rowindex": first + place + 2, className: opened?.number === row.number ? "selected" : "" },
              h("td", { className: "number" }, h("button", { type: "button", "aria-label": `Show row ${row.number + 1} in full`, onClick: () => open(row) }, row.number + 1)),
              row.cells.map((value, at) => h("td", { key: at, "data-column": columns[at].name, className: columns[at].numeric ? "numeric" : "", title: value ?? "NULL" }, Cell(value))))),
          filler(shown.length - last)))),
      opened ? h(OneRow, { columns, row: opened, close: () => open(null) }) : null);
  };

  const moment = (text) => (text === null ? NaN : Date.parse(text.length === 10 ? `${text}T00:00:00Z` : `${text.replace(" ", "T")}Z`));

  // A line for each column of numbers or, where there is one column of words, for each of its commonest values.
  const seriesOf = (columns, rows, time) => {
    const numbers = columns.map((column, place) => ({ ...column, place })).filter((column) => column.numeric);
    const words = columns.findIndex((column, place) => !column.numeric && place !== time);
    if (words < 0) return numbers.slice(0, MOST_SERIES).map((column) => ({ name: column.name, rows, place: column.place }));
    const groups = new Map();
    for (const row of rows) {
      const name = row[words] || "(none)";
      if (!groups.has(name)) groups.set(name, { name, rows: [], place: numbers[0].place, sum: 0 });
      const group = groups.get(name);
      group.rows.push(row);
      group.sum += Number(row[group.place]) || 0;
    }
    return [...groups.values()].sort((a, b) => b.sum - a.sum).slice(0, MOST_SERIES);
  };

  const timeTicks = (start, end) => {
    const step = TICKS_MS.find((each) => (end - start) / each <= 12) || (end - start) / 10;
    const ticks = [];
    for (let at = Math.ceil(start / step) * step; at <= end; at += step) ticks.push(at);
    return { ticks, labels: ticks.map((at) => gatelens.time(at, step < 60000)) };
  };

  // Props of the app's chart; null where there is no time, no number, or less than two moments.
  gatelens.sqlChart = ({ columns, rows }, layout) => {
    const time = columns.findIndex((column) => column.time);
    if (time < 0 || !columns.some((column) => column.numeric)) return null;
    const all = [...new Set(rows.map((row) => moment(row[time])).filter(Number.isFinite))].sort((a, b) => a - b);
    if (all.length < 2) return null;
    let step = Infinity;
    for (let place = 1; place < all.length; place += 1) step = Math.min(step, all[place] - all[place - 1]);
    const [start, end] = [all[0], all[all.length - 1]];
    const data = seriesOf(columns, rows, time).map((series, place) => {
      const points = series.rows.map((row) => [moment(row[time]), row[series.place] === null ? null : Number(row[series.place])])
        .filter(([at]) => Number.isFinite(at)).sort((a, b) => a[0] - b[0]);
      return {
        type: "scatter", mode: points.length < 60 ? "lines+markers" : "lines", name: series.name, x: points.map(([at]) => at), y: points.map(([, value]) => value),
        line: { color: `$series${place + 1}`, width: 1.75 }, marker: { size: 4, color: `$series${place + 1}` },
      };
    });
    const lowest = Math.min(0, ...data.flatMap((trace) => trace.y.filter(Number.isFinite)));
    return {
      id: "sql-chart", panel: "sql", data, layout: { ...layout, xaxis: { ...layout.xaxis, range: [start, end] } }, units: lowest < 0 ? {} : { yaxis: "plain" },
      time: { start, end, step, ...timeTicks(start, end) }, height: 340, fixed: true,
      summary: `${data.map((trace) => trace.name).join(", ")} from ${gatelens.time(start)} to ${gatelens.time(end)}`,
    };
  };
})();
