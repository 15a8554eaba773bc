/** The bare type and subtype, fit for a header of HTTP, whatever was claimed. */
export function mimeTypeOf(claimed = ''): string {
  const [bare = ''] = claimed.split(';');
  return /^\s*([\w.+-]{1,127}\/[\w.+-]{1,127})\s*$/.exec(bare)?.[1]?.toLowerCase() ?? 'application/octet-stream';
}
