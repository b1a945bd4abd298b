export const CONFIG = "adapter_config.json";
export const MODEL = "adapter_model.safetensors";

/** The two files among what was dropped, and a word about what is missing or too much. */
export function sort(files: File[]): { config?: File; model?: File; complaint: string | null } {
  const config = files.find((file) => file.name === CONFIG);
  const model = files.find((file) => file.name === MODEL);
  const others = files.filter((file) => file !== config && file !== model);
  const risky = others.find((file) => /\.(bin|pt|pth|pkl|ckpt)$/.test(file.name));
  if (risky !== undefined) {
    return {
      config,
      model,
      complaint: `${risky.name} can run code when it is read, so it is not taken. Save with safe_serialization=True and choose ${MODEL}.`,
    };
  }
  if (others[0] !== undefined) {
    return {
      config,
      model,
      complaint: `${others[0].name} is not part of an adapter: it was left out.`,
    };
  }
  return { config, model, complaint: null };
}
