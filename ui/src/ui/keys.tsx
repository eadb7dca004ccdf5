import { useTranslation } from "react-i18next";

const MAC = navigator.userAgent.includes("Mac");

/** What stands on keys that have a sign rather than a name. */
const SIGNS: Record<string, string> = { ArrowDown: "↓", ArrowUp: "↑" };

/** As it is written on the keyboard at hand. */
const written = (name: string) => (MAC ? name.replace(/^Ctrl\+/, "⌘").replace(/^Alt\+/, "⌥") : name).replace(/Arrow\w+$/, (arrow) => SIGNS[arrow] ?? arrow).replace(/(\+|⌘)([a-z])$/, (_, sign: string, key: string) => sign + key.toUpperCase());

/** Keys that do the same, as in the registry. */
export function KeyNames({ keys }: { keys: string[] }) {
  const { t } = useTranslation();
  return keys.map((names) => {
    const [first = "", second] = names.split(" ");
    return second ? (
      <span key={names} className="keys"><kbd>{first}</kbd> {t("help.then")} <kbd>{second}</kbd></span>
    ) : (
      <kbd key={names}>{written(first)}</kbd>
    );
  });
}
