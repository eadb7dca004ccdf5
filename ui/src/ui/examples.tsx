import { useTranslation } from "react-i18next";
import type { Row } from "../gen/Row";
import { exact, relative } from "../model/time";

/** Messages that show what is meant, each to be opened in the reader. Nothing, if there are none. */
export function ExampleList({ rows, onRead }: { rows: Row[]; onRead: (id: number) => void }) {
  const { t, i18n } = useTranslation();
  const now = Date.now() / 1000;
  if (rows.length === 0) return null;
  return (
    <ul className="plain-list">
      {rows.map((row) => (
        <li key={row.id}>
          <button type="button" className="example" onClick={() => onRead(row.id)}>
            <span className="who"><bdi>{row.from.name || row.from.address}</bdi></span>
            <span className="what"><bdi>{row.subject || t("noSubject")}</bdi></span>
            <time title={exact(row.received, i18n.language)}>{relative(row.received, now, i18n.language)}</time>
          </button>
        </li>
      ))}
    </ul>
  );
}
