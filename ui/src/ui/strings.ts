import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "../locales/en.json";

void i18next.use(initReactI18next).init({
  lng: "en",
  fallbackLng: "en",
  // A region has no strings of its own: it tells how numbers and dates are written.
  load: "languageOnly",
  resources: { en: { translation: en } },
  // React escapes by itself.
  interpolation: { escapeValue: false },
  initAsync: false,
} as never);

export default i18next;
