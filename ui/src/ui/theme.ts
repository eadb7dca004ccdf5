import { useEffect, useState } from "react";

export type Theme = "system" | "light" | "dark";
const KEY = "mailroom.theme";

export function useTheme(): [Theme, () => void, boolean] {
  const [theme, setTheme] = useState<Theme>(() => (localStorage.getItem(KEY) as Theme | null) ?? "system");
  const media = window.matchMedia?.("(prefers-color-scheme: dark)");
  const [systemDark, setSystemDark] = useState(media?.matches ?? false);
  useEffect(() => {
    const change = (event: MediaQueryListEvent) => setSystemDark(event.matches);
    media?.addEventListener("change", change);
    return () => media?.removeEventListener("change", change);
  }, [media]);
  const dark = theme === "dark" || (theme === "system" && systemDark);
  useEffect(() => {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    localStorage.setItem(KEY, theme);
  }, [theme, dark]);
  const next = () => setTheme(theme === "system" ? "light" : theme === "light" ? "dark" : "system");
  return [theme, next, dark];
}
