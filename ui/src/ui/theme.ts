import { useEffect, useState, useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";
const KEY = "mailroom.theme";

const systemDarkNow = () => window.matchMedia?.("(prefers-color-scheme: dark)").matches ?? false;

function onSystemChange(changed: () => void): () => void {
  const media = window.matchMedia?.("(prefers-color-scheme: dark)");
  media?.addEventListener("change", changed);
  return () => media?.removeEventListener("change", changed);
}

export function useTheme(): [Theme, () => void, boolean] {
  const [theme, setTheme] = useState<Theme>(() => (localStorage.getItem(KEY) as Theme | null) ?? "system");
  // Read again at each render, so that a change between two of them is not missed.
  const systemDark = useSyncExternalStore(onSystemChange, systemDarkNow);
  const dark = theme === "dark" || (theme === "system" && systemDark);
  useEffect(() => {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    localStorage.setItem(KEY, theme);
  }, [theme, dark]);
  const next = () => setTheme(theme === "system" ? "light" : theme === "light" ? "dark" : "system");
  return [theme, next, dark];
}
