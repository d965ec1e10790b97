// Ctrl+Enter in the SQL page's text runs it.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.target.id !== "sql-text") return;
  event.preventDefault();
  document.getElementById("sql-run").click();
});
