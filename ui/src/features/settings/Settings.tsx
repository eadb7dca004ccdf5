// What the user can set, a section for each matter.
import { useTranslation } from "react-i18next";
import { Page } from "../../ui/Page";
import type { PageProps } from "../page";
import { About } from "./About";
import { Accounts } from "./Accounts";
import { Appearance } from "./Appearance";
import { Instructions } from "./Instructions";
import { LanguageSection } from "./LanguageSection";
import { Privacy } from "./Privacy";

export default function Settings(props: PageProps) {
  const { t } = useTranslation();
  return (
    <Page title={t("pages.settings")}>
      <Accounts {...props} />
      <Instructions />
      <Privacy onChanged={props.onChanged} />
      <Appearance {...props} />
      <LanguageSection />
      <About {...props} />
    </Page>
  );
}
