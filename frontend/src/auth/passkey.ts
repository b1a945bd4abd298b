// The browser's part of passkeys. allauth makes the options and checks the answers.
import { Problem } from "../api/problem";
import { call, step, type Step } from "./allauth";

const LOGIN = "/auth/webauthn/login";
const SECOND = "/auth/webauthn/authenticate";

/** Passkeys belong to a name: not to a bare address, and not to a browser without them. */
export const passkeysWork = (host = location.hostname): boolean =>
  typeof PublicKeyCredential !== "undefined" &&
  "parseRequestOptionsFromJSON" in PublicKeyCredential &&
  !/^[\d.]+$|^\[/.test(host);

interface RequestOptions {
  request_options: { publicKey: PublicKeyCredentialRequestOptionsJSON };
}

export const passkeySignIn = (): Promise<Step> => signAt(LOGIN);
export const passkeySecond = (): Promise<Step> => signAt(SECOND);

async function signAt(path: string): Promise<Step> {
  const { data } = await call<RequestOptions>("GET", path);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(data.request_options.publicKey);
  return step(path, { credential: await told(navigator.credentials.get({ publicKey })) });
}

/** A new passkey on this device, as allauth takes it. */
export function makePasskey(options: PublicKeyCredentialCreationOptionsJSON): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return told(navigator.credentials.create({ publicKey }));
}

async function told(ceremony: Promise<Credential | null>): Promise<unknown> {
  const credential = await ceremony.catch((error: unknown) => {
    const known = error instanceof DOMException && error.name === "InvalidStateError";
    throw known
      ? new Problem("This device has a passkey for you already.", 0, "passkey_exists")
      : new Problem("No passkey was used. Try again, or go another way.", 0, "passkey_unused");
  });
  return (credential as PublicKeyCredential).toJSON();
}
