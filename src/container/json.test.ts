import assert from "node:assert/strict";
import { test } from "node:test";
import { json } from "./json.ts";

test("a value is JSON without spaces, and undefined is null", () => {
  assert.equal(
    json({ text: 'a"\n', n: -1.5, yes: true, none: null, no: undefined, list: [1, "\xff", [], {}], o: { x: 0 } }),
    '{"text":"a\\"\\u000a","n":-1.5,"yes":true,"none":null,"no":null,"list":[1,"\\udcff",[],{}],"o":{"x":0}}',
  );
});
