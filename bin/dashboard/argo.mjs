import { row, series } from './panel.mjs';

/** What Argo's own controller tells (its docs/metrics.md, 4.1); a laptop or compose has none of it. */
export const argoRow = row(
  'Argo controller',
  [
    series({
      title: 'Workflows by phase',
      description:
        'Workflows that are in the cluster now, by phase. They leave when their time to live is over.',
      unit: 'short',
      targets: [['sum by (phase) (argo_workflows_gauge)', '{{phase}}']],
      w: 8,
      isStepped: true,
    }),
    series({
      title: 'Runs of each WorkflowTemplate',
      description: 'Workflows made from the template that ended in the last hour, by phase.',
      unit: 'short',
      targets: [
        [
          'sum by (name, phase) (increase(argo_workflows_workflowtemplate_triggered_total{name=~"$pipeline"}[1h]))',
          '{{name}} {{phase}}',
        ],
      ],
      w: 8,
    }),
    series({
      title: 'Mean run time of each WorkflowTemplate',
      description:
        'From the start of the workflow to its end, waiting for pods included; since the controller started.',
      unit: 's',
      targets: [
        [
          'sum by (name) (argo_workflows_workflowtemplate_runtime_sum{name=~"$pipeline"}) / sum by (name) (argo_workflows_workflowtemplate_runtime_count{name=~"$pipeline"})',
          '{{name}}',
        ],
      ],
      w: 8,
    }),
    series({
      title: 'Pods of workflows by phase',
      description:
        'Pending pods that stay mean that the cluster has no room, or an image cannot be pulled.',
      unit: 'short',
      targets: [['sum by (phase) (argo_workflows_pods_gauge)', '{{phase}}']],
      w: 8,
      isStepped: true,
    }),
    series({
      title: 'Depth of the controller’s queues',
      description: 'A queue that grows means that the controller does not keep up.',
      unit: 'short',
      targets: [['sum by (queue_name) (argo_workflows_queue_depth_gauge)', '{{queue_name}}']],
      w: 8,
    }),
    series({
      title: 'Errors of the controller',
      description:
        'Errors in the last hour by cause: a CronWorkflow that is wrong or cannot be submitted, a panic.',
      unit: 'short',
      targets: [['sum by (cause) (increase(argo_workflows_error_count[1h]))', '{{cause}}']],
      w: 8,
    }),
  ],
  { isCollapsed: true },
);
