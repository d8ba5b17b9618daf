import { kindLabel, type Notification } from './notification.ts';

/** One labelled value of a message for people; `image`s are names to copy, `output`s may have several lines. */
export interface Detail {
  readonly label: string;
  readonly value: string;
  readonly form: 'text' | 'image' | 'output';
}

/** Where and what: four values that every message has. */
export function mainDetails({ workload, currentImage, newImage }: Notification): readonly Detail[] {
  const what = workload.kind === 'HelmRelease' ? 'Chart' : 'Image';
  return [
    { label: 'Namespace', value: workload.namespace, form: 'text' },
    { label: kindLabel(workload.kind), value: workload.name, form: 'text' },
    { label: `Current ${what}`, value: currentImage, form: 'image' },
    { label: `New ${what}`, value: newImage, form: 'image' },
  ];
}

/** How it came about, as far as is known. */
export function moreDetails(notification: Notification): readonly Detail[] {
  const { event, workload, policy, approvedBy, rejectionReason, errorMessage } = notification;
  const person = event === 'update_rejected' ? 'Rejected by' : 'Approved by';
  return [
    { label: 'Container', value: workload.container, form: 'text' as const },
    { label: 'Policy', value: policy, form: 'text' as const },
    { label: person, value: approvedBy, form: 'text' as const },
    { label: 'Rejection reason', value: rejectionReason, form: 'text' as const },
    { label: 'Error', value: errorMessage, form: 'output' as const },
  ].flatMap(({ label, value, form }) =>
    value === undefined || value.trim() === '' ? [] : [{ label, value, form }],
  );
}
