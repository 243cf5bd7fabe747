// A classic script, loaded before the style sheets: the chosen brightness is there from the first paint on.
{
  const theme = localStorage.getItem("mary:theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}
