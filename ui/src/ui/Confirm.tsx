import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "./Dialog";

interface Props {
  title: string;
  /** What happens, and whether it can be taken back. */
  children: ReactNode;
  /** The word on the button, a verb that says what is destroyed. */
  action: string;
  /** It destroys nothing, and is asked because of what else follows from it. */
  harmless?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something is destroyed, or mail leaves this computer. The way out has the focus. */
export function Confirm({ title, children, action, harmless = false, onConfirm, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{children}</p>
      <div className="actions">
        <button type="button" autoFocus onClick={onClose}>{t("cancel")}</button>
        <button
          type="button"
          className={harmless ? undefined : "destroy"}
          onClick={() => {
            onConfirm();
            onClose();
          }}
        >
          {action}
        </button>
      </div>
    </Dialog>
  );
}
