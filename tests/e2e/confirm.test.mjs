// `confirm = true` against a real Parse Server: what a new picture is, Cloudinary says.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefused, bare, count, create, destroy, identifier, mintIdentifier, picture, put, row, useStack } from "./support/rig.mjs";

const manifest = (name, keys) => `class = "${name}"\n[fields.picture]\nconfirm = true\n${keys}`;
const CONFIRMATION = "expected Cloudinary's confirmation, which did not come in time; try again later";
const CLASSES = {
  Exists: "",
  Small: "max_bytes = 2000\n",
  Wide: "min_width = 200\nmax_width = 400\n",
  High: "min_height = 200\n",
  Low: "max_height = 100\n",
  Jpeg: 'formats = ["jpg", "webp"]\n',
  Lenient: 'on_unreachable = "accept"\n',
};

const stack = useStack({
  manifests: Object.fromEntries(Object.entries(CLASSES).map(([name, keys]) => [`${name}.toml`, manifest(name, keys)])),
  classes: Object.fromEntries(Object.keys(CLASSES).map((name) => [name, { picture: "String" }])),
});

let number = 0;
/** The signed identifier of a new picture of so many pixels. */
const uploaded = async (width, height) => identifier(await put(stack, `app/${++number}`, picture(width, height)));

const save = (className, signed) => stack.rest("POST", `/classes/${className}`, { body: { picture: signed } });

describe("a new picture", () => {
  test("is stored if it is what the field takes", async () => {
    for (const className of ["Exists", "Small", "Wide", "High", "Lenient"]) {
      const signed = await uploaded(300, 200);
      const id = await create(stack, className, { picture: signed }, {});
      assert.equal((await row(stack, className, id)).picture, bare(signed));
    }
  });

  const refusals = [
    ["Small", [2000, 2000], "expected at most 2000 bytes"],
    ["Wide", [199, 200], "expected a width from 200 to 400 pixels"],
    ["Wide", [401, 200], "expected a width from 200 to 400 pixels"],
    ["High", [300, 199], "expected a height of at least 200 pixels"],
    ["Low", [300, 101], "expected a height of at most 100 pixels"],
  ];
  for (const [className, [width, height], text] of refusals) {
    test(`of ${width} × ${height} pixels is refused by ${className}`, async () => {
      const signed = await uploaded(width, height);
      assertRefused(await save(className, signed), `${className}.picture: ${text}`);
    });
  }

  test("is judged by its own format, not by the one that the client names", async () => {
    const signed = (await uploaded(300, 200)).replace(".png#", ".jpg#");
    assertRefused(await save("Jpeg", signed), "Jpeg.picture: expected an original in format jpg or webp");
  });

  test("that does not exist, or does no longer, is refused however well it is signed", async () => {
    const text = "Exists.picture: expected an asset that exists in Cloudinary";
    assertRefused(await save("Exists", mintIdentifier("app/never")), text);
    const signed = await uploaded(300, 200);
    await destroy(stack, `app/${number}`);
    assertRefused(await save("Exists", signed), text);
    assert.equal(await count(stack, "Jpeg"), 0);
  });
});

test("while Cloudinary is away, stored rows are saved and new pictures are as on_unreachable says", async () => {
  const [stored, refused, accepted] = [await uploaded(300, 200), await uploaded(300, 200), await uploaded(300, 200)];
  const id = await create(stack, "Exists", { picture: stored }, {});
  await stack.double.stop();
  assertRefused(await save("Exists", refused), `Exists.picture: ${CONFIRMATION}`);
  const answer = await stack.rest("PUT", `/classes/Exists/${id}`, { body: { picture: bare(stored) } });
  assert.equal(answer.status, 200, answer.text);
  const lenient = await create(stack, "Lenient", { picture: accepted }, {});
  assert.equal((await row(stack, "Lenient", lenient)).picture, bare(accepted));
});
