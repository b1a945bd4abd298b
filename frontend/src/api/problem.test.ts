import { expect, test } from "vitest";
import { problemOf } from "./problem";

const answer = (status: number, headers = {}) => new Response(null, { status, headers });

test("the platform's shape", () => {
  const body = { error: { message: "No such key.", code: "key_not_found", param: "id" } };
  const problem = problemOf(answer(404, { "x-request-id": "req_1" }), body);
  expect(problem).toMatchObject({
    message: "No such key.",
    status: 404,
    code: "key_not_found",
    param: "id",
    requestId: "req_1",
  });
});

test("allauth's shape", () => {
  const body = { status: 400, errors: [{ message: "Wrong.", code: "password_mismatch" }] };
  expect(problemOf(answer(400), body)).toMatchObject({
    message: "Wrong.",
    code: "password_mismatch",
  });
});

test.each([null, "<html>", { error: "text" }, { errors: [] }, [], { errors: [null] }])(
  "anything else gets a plain sentence: %j",
  (body) => {
    expect(problemOf(answer(502), body)).toMatchObject({ code: "http_502" });
    expect(problemOf(answer(502), body).message).toMatch(/trouble/);
  },
);
