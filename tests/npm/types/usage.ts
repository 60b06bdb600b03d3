// How apps use both parts of the package, and what their types must refuse: `@ts-expect-error` is an error where there is none.
import { cloudinaryParse, PictureError, type Pictures } from "cloudinary-parse";
import { signForWidget, uploadPicture, UploadError, type Uploaded, type UploadErrorReason } from "cloudinary-parse/client";

declare const Parse: {
  Cloud: {
    run(name: string, params?: object): Promise<unknown>;
    beforeSave(name: string, handler: (request: { object: object; log: object }) => Promise<void>): void;
  };
};

const pictures: Pictures = cloudinaryParse();
cloudinaryParse({ url: "http://127.0.0.1:8080", webhookKey: "key", timeout: 5000 });
// @ts-expect-error milliseconds, not text
cloudinaryParse({ timeout: "5s" });
// @ts-expect-error no such option
cloudinaryParse({ webhook_key: "key" });

Parse.Cloud.beforeSave("Photo", async (request) => {
  await pictures.beforeSave(request);
  // @ts-expect-error a request, not its object
  await pictures.beforeSave("Photo");
});
// @ts-expect-error no such trigger
pictures.afterFind;

export async function judge(error: unknown): Promise<string> {
  if (error instanceof PictureError) {
    const reason: "refused" | "unavailable" = error.reason;
    return `${reason}: ${error.message}`;
  }
  if (error instanceof UploadError) {
    const reason: UploadErrorReason = error.reason;
    // @ts-expect-error a code may be missing
    const code: number = error.code;
    return error.canRetry ? `${reason}: try again ${code}` : error.message;
  }
  throw error;
}

export async function upload(file: File, bytes: Uint8Array): Promise<string> {
  const { signed, identifier, response }: Uploaded = await uploadPicture(Parse, file, {
    function: "sign",
    params: { upload_preset: "avatar" },
    onProgress: (fraction) => fraction.toFixed(2),
    signal: new AbortController().signal,
    cloudName: "demo",
  });
  await uploadPicture(Parse, bytes);
  await uploadPicture(Parse, { uri: "file:///photo.jpg", type: "image/jpeg", name: "photo.jpg" });
  // @ts-expect-error no path, a file
  await uploadPicture(Parse, "photo.jpg");
  // @ts-expect-error the Parse SDK comes first
  await uploadPicture(file);
  // @ts-expect-error no such option
  await uploadPicture(Parse, file, { name: "sign" });
  // @ts-expect-error a format may be missing
  const format: string = response.format;
  const version: number = response.version;
  // @ts-expect-error nothing else is answered
  (await uploadPicture(Parse, file)).url;
  return `${signed} ${identifier} ${version} ${format}`;
}

const sign: (callback: (signature: string) => void, params: Record<string, unknown>) => Promise<void> = signForWidget(Parse, "sign_widget_upload");
void sign;
// @ts-expect-error a function's name
signForWidget(Parse);
