// Which account a tab acts for. Each tab keeps its own; the last one chosen is what a new tab begins with.
const KEY = "motet-account";

export const chosenAccount = (): string | null =>
  sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);

/** This tab stays with the account, whatever is chosen in another. */
export function keepAccount(slug: string): void {
  sessionStorage.setItem(KEY, slug);
}

/** This tab's account, and that of tabs to come; null: the first one. */
export function storeAccount(slug: string | null): void {
  for (const storage of [sessionStorage, localStorage]) {
    if (slug === null) storage.removeItem(KEY);
    else storage.setItem(KEY, slug);
  }
}
