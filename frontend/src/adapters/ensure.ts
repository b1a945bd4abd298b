import { api, body } from "../api/client";
import { Problem } from "../api/problem";

/**
 * Makes the adapter; where one of this name is there already, what is sent is its next version.
 * A Problem where that one is of another base.
 */
export async function ensure(name: string, base: string): Promise<void> {
  try {
    await body(api.POST("/v1/adapters", { body: { name, base_model: base, description: "" } }));
  } catch (error) {
    if (!(error instanceof Problem && error.code === "adapter_exists")) throw error;
    const path = { name };
    const there = await body(api.GET("/v1/adapters/{name}", { params: { path } }));
    if (there.base_model === base) return;
    throw new Problem(
      `${name} is an adapter of ${there.base_model}, not of ${base}. Choose another name or base.`,
      error.status,
      error.code,
      "base_model",
    );
  }
}
