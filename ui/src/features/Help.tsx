import { useTranslation } from "react-i18next";
import { KEYS, nameOf } from "../keys/registry";
import { Dialog } from "../ui/Dialog";
import { KeyNames } from "../ui/keys";

export function Help({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("help.title")} onClose={onClose}>
      <table>
        <tbody>
          {KEYS.map((key) => (
            <tr key={key.command}>
              <td>
                <KeyNames keys={key.keys} />
              </td>
              <td>{t(nameOf(key.command))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="actions"><button type="button" onClick={onClose}>{t("help.close")}</button></div>
    </Dialog>
  );
}
