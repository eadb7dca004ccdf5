import { useTranslation } from "react-i18next";
import { KEYS } from "../keys/registry";
import { Dialog } from "../ui/Dialog";

/** What stands on keys that have a sign rather than a name. */
const SIGNS: Record<string, string> = { ArrowDown: "↓", ArrowUp: "↑" };

export function Help({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("help.title")} onClose={onClose}>
      <table>
        <tbody>
          {KEYS.map((key) => (
            <tr key={key.command}>
              <td>
                {key.keys.map((names) => {
                  const [first, second] = names.split(" ");
                  return second ? (
                    <span key={names} className="keys"><kbd>{first}</kbd> {t("help.then")} <kbd>{second}</kbd></span>
                  ) : (
                    <kbd key={names}>{SIGNS[names] ?? names}</kbd>
                  );
                })}
              </td>
              <td>{t(`help.${key.command === "close" ? "close_" : key.command}`)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="actions"><button type="button" onClick={onClose}>{t("help.close")}</button></div>
    </Dialog>
  );
}
