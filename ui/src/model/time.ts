/** Short and relative for the list; the exact time goes into a title. */
export function relative(seconds: number, now: number, locale?: string): string {
  if (seconds === 0) return "";
  const age = now - seconds;
  const date = new Date(seconds * 1000);
  const today = new Date(now * 1000);
  if (age >= 0 && age < 60) return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(0, "second");
  if (date.toDateString() === today.toDateString()) {
    return date.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
  }
  if (age > 0 && age < 6 * 86400) return date.toLocaleDateString(locale, { weekday: "short" });
  if (date.getFullYear() === today.getFullYear()) {
    return date.toLocaleDateString(locale, { day: "numeric", month: "short" });
  }
  return date.toLocaleDateString(locale, { year: "numeric", month: "short" });
}

export function exact(seconds: number, locale?: string): string {
  return seconds === 0 ? "" : new Date(seconds * 1000).toLocaleString(locale, { dateStyle: "full", timeStyle: "short" });
}
