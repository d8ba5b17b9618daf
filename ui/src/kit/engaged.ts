/** Whether somebody points at this part of the page, or is in it with the keyboard. */
export function isEngaged(element: HTMLElement | null): boolean {
  if (element === null) return false;
  // A finger points at nothing between two touches, whatever :hover says.
  const isPointedAt = matchMedia('(hover: hover)').matches && element.matches(':hover');
  return isPointedAt || element.contains(document.activeElement);
}
