// Tables and sparklines. Rows come sorted: a heading is a link to another order.
(() => {
  const components = (window.dashboards = window.dashboards || {});
  const h = (...all) => React.createElement(...all);

  const SPARK_WIDTH = 100;
  const SPARK_HEIGHT = 24;
  // They are seen at once, in whatever order.
  const FEW_ROWS = 3;

  // Lines with gaps where a value is null, on a filled ground; `ghost` is the compared period.
  const pathOf = (values, top, count) => {
    let path = "";
    let isDrawing = false;
    values.forEach((value, index) => {
      if (value === null || value === undefined) {
        isDrawing = false;
        return;
      }
      const x = count < 2 ? SPARK_WIDTH / 2 : (index / (count - 1)) * SPARK_WIDTH;
      const y = SPARK_HEIGHT - 1 - (value / top) * (SPARK_HEIGHT - 3);
      path += `${isDrawing ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`;
      isDrawing = true;
    });
    return path;
  };

  const Spark = ({ values, ghost, tone, label, height }) => {
    const known = [...values, ...(ghost || [])].filter((value) => value !== null && value !== undefined);
    const top = Math.max(...known, 0) || 1;
    const count = Math.max(values.length, ghost?.length || 0);
    return h("svg", {
      viewBox: `0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`, preserveAspectRatio: "none", className: `spark tone-${tone || "accent"}`,
      role: "img", "aria-label": label || "", style: height ? { height } : undefined,
    },
    ghost ? h("path", { d: pathOf(ghost, top, count), className: "ghost" }) : null,
    h("path", { d: pathOf(values, top, count) }));
  };
  components.Spark = (props) => h("span", { id: props.id, className: "spark-box" }, h(Spark, props));

  const GLYPHS = { good: "●", warning: "▲", bad: "◆", info: "■", neutral: "○" };
  components.glyphs = GLYPHS;

  const content = (cell) => {
    if (cell === null || cell === undefined) return "";
    if (typeof cell !== "object") return cell;
    const parts = [];
    if (cell.glyph) parts.push(h("i", { key: "glyph", className: `glyph tone-${cell.tone}`, "aria-hidden": true }, GLYPHS[cell.tone]));
    if (cell.spark) parts.push(h(Spark, { key: "spark", values: cell.spark, tone: cell.tone, label: cell.label }));
    if (cell.bar !== undefined && cell.bar !== null) {
      parts.push(h("span", { key: "bar", className: `bar tone-${cell.tone || "neutral"}`, "aria-hidden": true }, h("i", { style: { width: `${Math.min(1, cell.bar) * 100}%` } })));
    }
    if (cell.tags) parts.push(cell.tags.map((tag) => h("span", { key: `tag-${tag}`, className: "tag" }, tag)));
    if (cell.text !== undefined) parts.push(h("span", { key: "text", className: cell.strong ? "strong" : "" }, cell.text));
    return cell.href ? h("a", { href: cell.href }, parts) : parts;
  };

  // What a cell says in words.
  const told = (cell) => (cell === null || cell === undefined ? "" : typeof cell !== "object" ? String(cell) : cell.text ?? (cell.tags || []).join(", "));

  const isBlank = (cell) => told(cell) === "" && !cell?.spark;

  const cellClass = (column, cell) =>
    [column.numeric ? "numeric" : "", column.code ? "code" : "", column.wraps ? "wraps" : "", `rank-${column.rank || 0}`, ["bad", "warning"].includes(cell?.tone) && !cell.spark ? `ink-${cell.tone}` : ""].join(" ");

  const Heading = (column) => {
    const label = [column.label, column.sorted ? h("i", { key: "arrow", "aria-hidden": true }, column.sorted === "ascending" ? " ↑" : " ↓") : null];
    return h("th", { key: column.key, scope: "col", className: cellClass(column), "aria-sort": column.sorted || undefined, title: column.help || undefined },
      column.href ? h("a", { href: column.href }, label) : label);
  };

  const Row = ({ row, columns, hasDetails }) => {
    const [isOpen, open] = React.useState(false);
    const cells = columns.map((column, index) => {
      const cell = row.cells[index];
      const inner = content(cell);
      const title = cell && typeof cell === "object" ? cell.title : undefined;
      if (index) return h("td", { key: column.key, className: cellClass(column, cell), "data-label": column.label, "data-blank": isBlank(cell) || undefined, "data-column": column.key, title }, inner);
      return h("th", { key: column.key, scope: "row", className: `${cellClass(column, cell)} first`, "data-column": column.key, title },
        row.href ? h("a", { href: row.href, className: "row-link" }, inner) : inner);
    });
    const details = isOpen
      ? h("tr", { className: "details" }, h("td", { colSpan: columns.length + 1 },
          h("dl", null, columns.map((column, index) => h("div", { key: column.key, className: `only-rank-${column.rank || 0}` }, h("dt", null, column.label), h("dd", null, content(row.cells[index])))))))
      : null;
    return h(React.Fragment, null,
      h("tr", { className: `${row.href ? "leads" : ""} ${row.selected ? "selected" : ""}`, "data-key": row.key },
        cells,
        hasDetails ? h("td", { className: "more" }, h("button", { type: "button", "aria-expanded": isOpen, "aria-label": "Show more of this row", onClick: () => open(!isOpen) }, isOpen ? "−" : "+")) : null),
      details);
  };

  // Links, so that what is shown is in the address.
  const Columns = ({ choices }) =>
    h("details", { className: "columns" },
      h("summary", null, "Columns"),
      h("ul", null, choices.map((choice) => h("li", { key: choice.label },
        h("a", { href: choice.href, "aria-current": choice.shown ? "true" : undefined }, choice.label)))));

  // Where rows are cards there are no headings to sort by.
  const Sorting = ({ columns }) => {
    const sorted = columns.find((column) => column.sorted);
    return h("details", { className: "columns sorting" },
      h("summary", null, sorted ? `Sorted by ${sorted.label}` : "Sort"),
      h("ul", null, columns.map((column) => h("li", { key: column.key },
        h("a", { href: column.href, "aria-current": column === sorted ? "true" : undefined }, column.label, column === sorted ? h("i", { "aria-hidden": true }, sorted.sorted === "ascending" ? " ↑" : " ↓") : null)))));
  };

  // All rows.
  const asRows = (props) => {
    const shown = props.columns.map((_, index) => index).filter((index) => props.rows.some((row) => told(row.cells[index]) !== ""));
    return [shown.map((index) => props.columns[index].label), ...props.rows.map((row) => shown.map((index) => told(row.cells[index])))];
  };

  // Columns that are still too wide for their place give way as well, the lowest rank first.
  const RANKS = [6, 5, 4, 3, 2, 1];
  const fit = (place) => {
    const gone = [];
    place.dataset.gone = "";
    while (gone.length < RANKS.length && place.scrollWidth > place.clientWidth) {
      gone.push(RANKS[gone.length]);
      place.dataset.gone = gone.join(" ");
    }
  };

  const useFit = (rows, columns) => {
    const place = React.useRef(null);
    React.useLayoutEffect(() => {
      if (place.current) fit(place.current);
    });
    React.useEffect(() => {
      if (!place.current) return undefined;
      let width = place.current.clientWidth;
      const watch = new ResizeObserver(([{ target }]) => {
        if (target.clientWidth === width) return;
        width = target.clientWidth;
        fit(target);
      });
      watch.observe(place.current);
      return () => watch.disconnect();
    }, [rows, columns]);
    return place;
  };

  // A button that shows fewer rows than this is not worth the click.
  const FEW_MORE = 3;

  components.Table = (props) => {
    const [shown, show] = React.useState(props.page || 50);
    const most = props.rows.length <= shown + FEW_MORE ? props.rows.length : shown;
    const place = useFit(props.rows, props.columns);
    window.gatelens.useRows(props.id.replace(/-table$/, ""), () => asRows(props));
    const hasDetails = props.columns.some((column) => column.rank > 0);
    if (!props.rows.length) return h("div", { id: props.id, className: "empty" }, props.empty || "Nothing in this range");
    const sortable = props.columns.filter((column) => column.href);
    // Without a link in it, nobody could scroll it by keys.
    const hasLinks = props.columns.some((column) => column.href) || props.rows.some((row) => row.href);
    return h("div", { id: props.id, className: "table", ref: place, tabIndex: hasLinks ? undefined : 0 },
      sortable.length > 1 && props.rows.length > FEW_ROWS ? h(Sorting, { columns: sortable }) : null,
      h("table", { className: hasDetails ? "has-details" : "" },
        h("thead", null, h("tr", null, props.columns.map(Heading), hasDetails ? h("th", { className: "more" }, h("span", { className: "only-read" }, "More")) : null)),
        h("tbody", null, props.rows.slice(0, most).map((row, index) => h(Row, { key: row.key ?? index, row, columns: props.columns, hasDetails })))),
      props.rows.length > most
        ? h("button", { type: "button", className: "show-all", onClick: () => show(most + 200) }, `Show ${Math.min(200, props.rows.length - most)} more of ${props.rows.length.toLocaleString("en-US")}`)
        : null,
      props.note ? h("p", { className: "note" }, props.note) : null,
      props.choices ? h(Columns, { choices: props.choices }) : null);
  };
})();
