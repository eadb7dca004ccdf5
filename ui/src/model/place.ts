// Where the user is: at the mail, or on one of the pages beside it.
export const PAGES = ["rules", "relabel", "history", "memory", "accuracy", "models", "settings"] as const;

export type PageName = (typeof PAGES)[number];
