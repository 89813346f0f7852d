// Where one part of the page leads to another that it does not know.

const ways = {};

/** The part that shows `place`: a function of what is to be shown there. */
export const leadsTo = (place, show) => {
  ways[place] = show;
};

export const go = (place, item) => ways[place]?.(item);
