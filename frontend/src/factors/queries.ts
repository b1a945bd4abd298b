import { queryOptions } from "@tanstack/react-query";
import { Problem, problemOf } from "../api/problem";
import { call, exchange, type Flow } from "../auth/allauth";
import { makePasskey } from "../auth/passkey";

const FACTORS = "/account/authenticators";

interface Times {
  created_at: number;
  last_used_at: number | null;
}
export type Totp = Times & { type: "totp" };
export type RecoveryCodes = Times & {
  type: "recovery_codes";
  total_code_count: number;
  unused_code_count: number;
  unused_codes?: string[];
};
export type Passkey = Times & { type: "webauthn"; id: number; name: string };
export type Factor = Totp | RecoveryCodes | Passkey;

export const factorsQuery = queryOptions({
  queryKey: ["factors"],
  queryFn: async () => (await call<Factor[]>("GET", FACTORS)).data,
});

/** A change that waits until the person has shown once more who they are. */
export class Unconfirmed extends Error {
  constructor(readonly byPassword: boolean) {
    super("Show first that it is you.");
  }
}

async function change<T>(method: string, path: string, input?: unknown): Promise<T> {
  const answer = await call<T & { flows?: Flow[] }>(method, `${FACTORS}${path}`, input);
  if (answer.status !== 401) return answer.data;
  const ways = (answer.data.flows ?? []).map(({ id }) => id);
  const byPassword = ways.includes("reauthenticate");
  if (!byPassword && !ways.includes("mfa_reauthenticate"))
    throw new Problem("Your session is over. Sign in again.", 401, "not_signed_in");
  throw new Unconfirmed(byPassword);
}

export const showPassword = (password: string) =>
  call("POST", "/auth/reauthenticate", { password });
export const showCode = (code: string) => call("POST", "/auth/2fa/reauthenticate", { code });

export interface Offer {
  secret: string;
  totp_url: string;
}

/** A fresh secret for an authenticator app; allauth hands it out with its "not found". */
export async function offerTotp(): Promise<Offer> {
  const { response, body } = await exchange("GET", `${FACTORS}/totp`);
  const told = body as { meta?: Partial<Offer> } | null;
  const { secret, totp_url } = told?.meta ?? {};
  if (secret === undefined || totp_url === undefined) throw problemOf(response, body);
  return { secret, totp_url };
}

export const turnOnTotp = (code: string) => change<Totp>("POST", "/totp", { code });
export const removeTotp = () => change<unknown>("DELETE", "/totp");
export const recoveryCodes = () => change<RecoveryCodes>("GET", "/recovery-codes");
export const newRecoveryCodes = () => change<RecoveryCodes>("POST", "/recovery-codes");

interface CreationOptions {
  creation_options: { publicKey: PublicKeyCredentialCreationOptionsJSON };
}

export async function addPasskey(name: string): Promise<Passkey> {
  const asked = await change<CreationOptions>("GET", "/webauthn?passwordless");
  const credential = await makePasskey(asked.creation_options.publicKey);
  return change<Passkey>("POST", "/webauthn", { name, credential, passwordless: true });
}
export const removePasskey = (id: number) =>
  change<unknown>("DELETE", "/webauthn", { authenticators: [id] });
