/** Line icons on a 20 × 20 grid. They repeat what the words beside them say, so screen readers skip them. */
const shapes = {
    ok: <><circle cx="10" cy="10" r="8" /><path d="m6.5 10.2 2.4 2.4 4.6-5" /></>,
    warning: <><path d="M10 2.5 18 17H2Z" /><path d="M10 8v4M10 14.5v.1" /></>,
    blocking: <><circle cx="10" cy="10" r="8" /><path d="m7 7 6 6M13 7l-6 6" /></>,
    info: <><circle cx="10" cy="10" r="8" /><path d="M10 9v5M10 6.2v.1" /></>,
    waiting: <circle cx="10" cy="10" r="7.5" />,
    running: <path d="M10 2.5a7.5 7.5 0 1 1-7.5 7.5" />,
    disk: <><rect x="2.5" y="4" width="15" height="12" rx="2" /><path d="M2.5 11.5h15M14 13.8v.1" /></>,
    offline: <path d="M2 7.5c4.7-4 11.3-4 16 0M5 11c3-2.5 7-2.5 10 0M10 15v.1M3 3l14 14" />,
    logo: <path d="M2 8c2.7-2.2 5.3-2.2 8 0s5.3 2.2 8 0M2 14c2.7-2.2 5.3-2.2 8 0s5.3 2.2 8 0" />,
};

export type IconName = keyof typeof shapes;

export function Icon({ name }: { name: IconName }) {
    return (
        <svg className={`icon icon-${name}`} viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" fill="none"
            stroke="currentColor" strokeWidth="1.7" strokeLinecap="round" strokeLinejoin="round">
            {shapes[name]}
        </svg>
    );
}
