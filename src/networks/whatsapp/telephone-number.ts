/** A telephone number as people write it, as WhatsApp names it: digits with the country code (ITU-T E.164). */

const maxDigits = 15;
const minDigits = 7;
const separators = /[\s().\-/\u00a0\u2010-\u2015\u2066-\u2069\u200e\u200f]/g;

export function telephoneNumber(text: string): { readonly digits: string } | { readonly refusal: string } {
  const bare = text.trim().replace(/^tel:/i, '').replaceAll(separators, '');
  const international = bare.startsWith('00') ? `+${bare.slice(2)}` : bare;
  const digits = international.replace(/^\+/, '');
  if (!/^\d+$/.test(digits)) return { refusal: 'This is no telephone number. Write it as in +49 30 1234567.' };
  if (!international.startsWith('+') && international.startsWith('0'))
    return { refusal: 'Write the number with its country code, as in +49 30 1234567.' };
  if (digits.startsWith('0') || digits.length < minDigits || digits.length > maxDigits)
    return {
      refusal: `No telephone number in the world has these digits. Expected ${minDigits} to ${maxDigits}, with the country code first.`,
    };
  return { digits };
}
