/** To two digits behind the point: nobody believes more of them. */
export const rounded = (figure: number): number => Math.round(figure * 100) / 100;
