/** Who plays. The citizen's number is one that Germany's regulator keeps free for stories. */
export const citizen = { phone: '4915228817386', name: 'Erika Mustermann' } as const;
export const officialName = 'ana';
export const authority = 'City of Musterstadt';
