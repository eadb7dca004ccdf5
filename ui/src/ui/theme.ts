import { useEffect, useState, useSyncExternalStore } from "react";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
const KEY = "mailroom.theme";

const systemDarkNow = () => window.matchMedia?.("(prefers-color-scheme: dark)").matches ?? false;

function onSystemChange(changed: () => void): () => void {
  const media = window.matchMedia?.("(prefers-color-scheme: dark)");
  media?.addEventListener("change", changed);
  return () => media?.removeEventListener("change", changed);
}

export function useTheme(): [Theme, (theme: Theme) => void, boolean] {
  const [theme, setTheme] = useState<Theme>(() => (localStorage.getItem(KEY) as Theme | null) ?? "system");
  // Read again at each render, so that a change between two of them is not missed.
  const systemDark = useSyncExternalStore(onSystemChange, systemDarkNow);
  const dark = theme === "dark" || (theme === "system" && systemDark);
  useEffect(() => {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    localStorage.setItem(KEY, theme);
  }, [theme, dark]);
  return [theme, setTheme, dark];
}

/** The theme after this one, for a button that goes round. */
export function nextTheme(theme: Theme): Theme {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
}
