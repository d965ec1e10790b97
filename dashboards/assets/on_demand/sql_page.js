// The workbench of the SQL page. The statement that was run is in the address, so that a link opens it run, and Back goes back.
(() => {
  const gatelens = (window.gatelens = window.gatelens || {});
  const components = (window.dashboards = window.dashboards || {});
  const h = (...all) => React.createElement(...all);
  const DRAFT = "gatelens.sql.draft";
  const HISTORY = "gatelens.sql.history";
  const SAVED = "gatelens.sql.saved";
  const MOST_REMEMBERED = 50;
  // Beyond this a link would be cut off on its way.
  const LONGEST_LINK = 12000;
  const FORMATS = [["csv", "CSV"], ["json", "JSON"], ["parquet", "Parquet"]];

  // What a browser without storage forgets.
  const stored = (name, otherwise) => {
    try { return JSON.parse(localStorage.getItem(name)) ?? otherwise; } catch { return otherwise; }
  };
  const store = (name, value) => {
    try { localStorage.setItem(name, JSON.stringify(value)); } catch { /* full or switched off */ }
  };

  const inAddress = () => (location.pathname === "/sql" ? new URLSearchParams(location.search).get("sql") || "" : "");
  const oneLine = (sql) => sql.replace(/\s+/g, " ").trim();

  const ask = async (path, body, signal, patience) => {
    const answer = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(patience * 1000)]),
    });
    return answer;
  };

  const told = (error) =>
    error.name === "TimeoutError" ? "Gatelens has not answered in time. Narrow the time range, or aggregate more."
    : "Gatelens does not answer. Run it again once the page is live again.";

  const Section = ({ title, open, children }) => h("details", { open, className: "sql-section" }, h("summary", null, h("h2", null, title)), children);

  const Statements = ({ listed, take, remove, empty }) =>
    listed.length
      ? h("ul", { className: "sql-statements" }, listed.map((each, place) =>
          h("li", { key: `${place}${each.sql}` },
            h("button", { type: "button", className: "take", title: each.sql, onClick: () => take(each.sql) }, h("b", null, each.title), each.note ? h("small", null, each.note) : null),
            remove ? h("button", { type: "button", className: "quiet", "aria-label": `Remove ${each.title}`, onClick: () => remove(each) }, "×") : null)))
      : h("p", { className: "hint-text" }, empty);

  const Tables = ({ tables, insert }) => {
    const [text, search] = React.useState("");
    const found = tables.filter((table) => !text || [table.name, ...table.columns.map(([name]) => name)].some((name) => name.includes(text.toLowerCase())));
    return h(React.Fragment, null,
      h("input", { type: "search", className: "sql-search", placeholder: "Table or column", "aria-label": "Search tables and columns", value: text, onChange: (event) => search(event.target.value) }),
      found.map((table) => h("details", { key: table.name, className: "sql-columns" },
        h("summary", null, table.name),
        h("ul", null, table.columns.map(([name, type]) => h("li", { key: name }, h("button", { type: "button", title: "Put it into the statement", onClick: () => insert(name) }, name), h("small", null, type)))))),
      found.length ? null : h("p", { className: "hint-text" }, "Nothing has this name."));
  };

  const SaveForm = ({ save }) => {
    const [name, setName] = React.useState("");
    const submit = (event) => {
      event.preventDefault();
      if (name.trim()) save(name.trim());
      setName("");
    };
    return h("form", { className: "sql-save", onSubmit: submit },
      h("input", { value: name, placeholder: "Name of this statement", "aria-label": "Name to save the statement under", maxLength: 80, onChange: (event) => setName(event.target.value) }),
      h("button", { type: "submit", className: "control", disabled: !name.trim() }, "Save"));
  };

  const lineOf = (text, at) => {
    const before = text.slice(0, at).split("\n");
    return `line ${before.length}, column ${before[before.length - 1].length + 1}`;
  };

  const Fault = ({ fault, text, go }) =>
    h("div", { id: "sql-fault", role: "alert" }, fault
      ? h("div", { className: "notice tone-bad" }, h("div", null,
          h("strong", null, fault.stopped ? "Stopped" : "This cannot be answered"), h("p", null, fault.message),
          fault.at ? h("button", { type: "button", className: "link-button", onClick: go }, `Go to ${lineOf(text, fault.at[0])}`) : null))
      : null);

  const Result = ({ answer, layout, most }) => {
    const [asChart, setChart] = React.useState(false);
    const chart = React.useMemo(() => gatelens.sqlChart(answer, layout), [answer, layout]);
    const isChart = asChart && chart;
    const tab = (label, isOn, choose, off) => h("button", { type: "button", className: "choice-chip", "aria-pressed": isOn, disabled: Boolean(off), title: off || undefined, onClick: choose }, label);
    if (!answer.columns.length) return null;
    return h("section", { className: "sql-result", "aria-label": "Result of the statement" },
      h("div", { className: "sql-bar" }, tab("Table", !isChart, () => setChart(false)),
        tab("Chart", Boolean(isChart), () => setChart(true), chart ? "" : "A chart needs a column of times, a column of numbers, and two moments."),
        h("div", { id: "sql-legend", className: "legend" })),
      answer.more ? h("p", { className: "note", role: "status" }, `These are the first ${most.toLocaleString("en-US")} rows; there are more. Aggregate or add a LIMIT, or download all of them.`) : null,
      isChart ? h(components.Chart, chart)
      : answer.rows.length ? h(gatelens.SqlTable, { columns: answer.columns, rows: answer.rows })
      : h("p", { className: "empty" }, "No rows"));
  };

  const save = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };

  components.SqlWorkbench.whole = (props) => {
    const control = React.useRef(null);
    const first = React.useMemo(() => inAddress() || stored(DRAFT, "") || props.examples[0].sql, []);
    const [text, setText] = React.useState(first);
    const [running, setRunning] = React.useState("");
    const [fault, setFault] = React.useState(null);
    const [answer, setAnswer] = React.useState(null);
    const [history, setHistory] = React.useState(() => stored(HISTORY, []));
    const [saved, setSaved] = React.useState(() => stored(SAVED, []));
    const abort = React.useRef(null);
    const ran = React.useRef("");

    const changed = (now) => {
      setText(now);
      store(DRAFT, now);
    };

    // Runs `work` as the one thing that is under way; what it replaces is stopped.
    const begin = async (label, work) => {
      abort.current?.abort();
      const mine = (abort.current = new AbortController());
      setRunning(label);
      setFault(null);
      control.current.mark(null);
      try {
        await work(mine.signal);
      } catch (error) {
        if (mine === abort.current) setFault(mine.signal.aborted ? { stopped: true, message: "You stopped it; nothing of it runs any more." } : { message: told(error) });
      } finally {
        if (mine === abort.current) setRunning("");
      }
    };

    const remember = (sql, found) => {
      const rows = `${found.more ? "over " : ""}${found.rows.length.toLocaleString("en-US")} ${found.rows.length === 1 ? "row" : "rows"}`;
      setHistory((known) => {
        const kept = [{ sql, at: Date.now(), note: rows }, ...known.filter((each) => each.sql !== sql)].slice(0, MOST_REMEMBERED);
        store(HISTORY, kept);
        return kept;
      });
    };

    const fail = (found) => {
      setFault({ message: found.fault, at: found.at });
      control.current.mark(found.at, found.fault);
    };

    const run = () => {
      const sql = control.current.text();
      if (!sql.trim()) return setFault({ message: "There is no statement; write one, or take an example." });
      return begin("run", async (signal) => {
        ran.current = sql;
        const to = `/sql?${new URLSearchParams({ sql })}`;
        if (inAddress() !== sql && to.length <= LONGEST_LINK) gatelens.go(to);
        const reply = await ask("/page/sql", { sql }, signal, props.patience);
        if (!reply.ok) throw new Error(`${reply.status}`);
        const found = await reply.json();
        if (signal.aborted) return;
        if (found.fault) {
          setAnswer(null);
          fail(found);
          return;
        }
        setAnswer(found);
        remember(sql, found);
      });
    };

    const download = (format, label) =>
      begin(label, async (signal) => {
        const sql = control.current.text();
        const reply = await ask("/api/v1/query", { sql, format }, signal, props.patience);
        if (reply.ok) save(await reply.blob(), `gatelens-query.${format}`);
        else fail({ fault: (await reply.json()).error, at: null });
      });

    const take = (sql) => {
      control.current.put(sql);
      run();
      document.getElementById("sql-text")?.scrollIntoView({ block: "nearest" });
    };

    const keep = (name) => {
      const kept = [{ title: name, sql: control.current.text() }, ...saved.filter((each) => each.title !== name)];
      store(SAVED, kept);
      setSaved(kept);
    };
    const drop = (each) => {
      const kept = saved.filter((other) => other !== each);
      store(SAVED, kept);
      setSaved(kept);
    };

    React.useEffect(() => {
      if (inAddress()) run();
      // Back, Forward, and links to another statement.
      const follow = () => {
        const sql = inAddress();
        if (!sql || sql === ran.current) return;
        control.current.put(sql);
        run();
      };
      window.addEventListener("popstate", follow);
      window.addEventListener("_dashprivate_pushstate", follow);
      return () => {
        window.removeEventListener("popstate", follow);
        window.removeEventListener("_dashprivate_pushstate", follow);
        abort.current?.abort();
      };
    }, []);

    const summary = running ? (running === "run" ? "Running…" : `Preparing ${running}…`)
      : answer && !fault ? `${answer.more ? "More than " : ""}${answer.rows.length.toLocaleString("en-US")} ${answer.rows.length === 1 ? "row" : "rows"} in ${gatelens.format("ms", answer.took_ms)}` : "";
    const isMac = navigator.platform.startsWith("Mac");
    return h("div", { id: props.id, className: "sql" },
      h("div", { className: "sql-main" },
        h("section", { className: "sql-card", "aria-label": "Statement" },
          h(gatelens.SqlEditor, { props, start: first, run, changed, control }),
          h("div", { className: "sql-bar" },
            running
              ? h("button", { id: "sql-cancel", type: "button", className: "sql-run stop", onClick: () => abort.current.abort() }, "Cancel")
              : h("button", { id: "sql-run", type: "button", className: "sql-run", title: isMac ? "⌘ Enter" : "Ctrl+Enter", onClick: run }, "Run"),
            FORMATS.map(([format, label]) => h("button", { key: format, id: `sql-${format}`, type: "button", className: "control", disabled: Boolean(running), title: `Download all rows as ${label}`, onClick: () => download(format, label) }, "↓ ", label)),
            h("span", { id: "sql-summary", role: "status", className: running ? "running" : "" }, summary)),
          h("p", { className: "hint-text" }, `${isMac ? "⌘ Enter" : "Ctrl+Enter"} runs it, Ctrl+Space completes. One SELECT, WITH, EXPLAIN, SHOW or DESCRIBE; times are UTC.`)),
        h(Fault, { fault, text, go: () => control.current.mark(fault.at, fault.message, true) }),
        answer ? h("div", { id: "sql-result", className: running === "run" ? "sql-card asking" : "sql-card" }, h(Result, { answer, layout: props.layout, most: props.rows })) : h("div", { id: "sql-result" })),
      h("aside", { className: "sql-card sql-side", "aria-label": "Examples, statements and tables" },
        props.fault ? h("p", { className: "notice tone-bad" }, props.fault) : null,
        h(Section, { title: "Examples", open: true }, h(Statements, { listed: props.examples, take })),
        h(Section, { title: "Saved", open: saved.length > 0 },
          h(SaveForm, { save: keep }), h(Statements, { listed: saved, take, remove: drop, empty: "Saved in this browser. To hand one on, copy the address." })),
        h(Section, { title: "History", open: false },
          h(Statements, { listed: history.map((each) => ({ sql: each.sql, title: oneLine(each.sql).slice(0, 120), note: `${gatelens.time(each.at)} · ${each.note}` })), take, empty: "What you run is listed here, in this browser." }),
          history.length ? h("button", { type: "button", className: "link-button", onClick: () => { store(HISTORY, []); setHistory([]); } }, "Clear the history") : null),
        h(Section, { title: "Tables", open: window.innerWidth > 1100 }, h(Tables, { tables: props.tables, insert: (name) => control.current.insert(name) }))));
  };
})();
