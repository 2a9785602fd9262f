"""The words of BPMN that are accepted: elements with their places and attributes, and camunda's.

Tables only. What is not in them is refused or warned of by lint/element_allowed,
unknown_element, unknown_attribute, unsupported_extension and without_effect."""

from __future__ import annotations

TASKS = frozenset(
    {"task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "businessRuleTask"}
    | {"scriptTask"}
)
SUBPROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
ACTIVITIES = TASKS | SUBPROCESSES | {"callActivity"}
GATEWAYS = frozenset(
    {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "complexGateway", "eventBasedGateway"}
)
EVENTS = frozenset(
    {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
)
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS

# Out of these a flow may have a condition, and one may be the default.
CHOOSING = ACTIVITIES | {"exclusiveGateway", "inclusiveGateway", "complexGateway"}

# What camunda:executionListener is heard at: what is begun and left in steps of its own.
LISTENED = ACTIVITIES | {
    *("startEvent", "endEvent", "intermediateThrowEvent", "exclusiveGateway", "parallelGateway")
}

# What camunda:taskListener of a user task hears, in the order in which it happens to a task.
TASK_EVENTS = ("create", "update", "assignment", "complete", "delete")
# Of these the ones at which it is open, so that a listener may change it.
CHANGING = ("create", "update", "assignment")

# What a task must say of itself: a person, an operation, a rule or a script does it.
DOING = TASKS - {"task", "manualTask"}

# The event definitions that each event may carry; "none" stands for no definition. Which of them may
# start a process, a subprocess or an event subprocess is STARTS.
TRIGGERS = {
    "startEvent": frozenset(
        {"none", "message", "timer", "signal", "conditional", "error", "escalation", "compensate"}
    ),
    "endEvent": frozenset(
        {"none", "message", "signal", "error", "escalation", "compensate", "terminate", "cancel"}
    ),
    "intermediateCatchEvent": frozenset({"message", "timer", "signal", "conditional", "link"}),
    "intermediateThrowEvent": frozenset({"none", "message", "signal", "escalation", "compensate", "link"}),
    "boundaryEvent": frozenset(
        {"message", "timer", "signal", "error", "escalation", "conditional", "cancel", "compensate"}
    ),
}
# By what each level may begin; "eventSubProcess" is a subProcess with triggeredByEvent.
STARTS = {
    "process": frozenset({"none", "message", "timer", "signal", "conditional"}),
    "subProcess": frozenset({"none"}),
    "transaction": frozenset({"none"}),
    "adHocSubProcess": frozenset[str](),
    "eventSubProcess": TRIGGERS["startEvent"] - {"none"},
}

# Drawn, kept and shown, but nothing runs by them: variables live in the case (docs/lint/drawn_only.md).
DRAWN_ONLY = frozenset(
    {"dataObject", "dataObjectReference", "dataStore", "dataStoreReference", "itemDefinition", "property"}
    | {"dataInputAssociation", "dataOutputAssociation"}
)

_LEVEL = SUBPROCESSES | {"process"}
_ROOT = frozenset({"definitions"})
# An event definition may stand at the top of the file too, for several events to refer to.
_DEFINED = EVENTS | _ROOT
_LOOP = frozenset({"multiInstanceLoopCharacteristics"})
_ACTIVITY = frozenset({"default", "isForCompensation", "startQuantity", "completionQuantity"})
_TASK = _ACTIVITY | {"implementation"}
_GATEWAY = frozenset({"gatewayDirection"})
_TYPED = frozenset({"xsi:type"})
_EXPRESSION = _TYPED | {"language"}
_ANY = frozenset({"id", "name"})
# Of what runs Java, unsupported_extension speaks.
_LISTENER = frozenset({"event", "class", "delegateExpression", "expression"})

# element: (where it may stand, its attributes besides id and name)
ACCEPTED: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "definitions": (
        frozenset(),
        frozenset(
            {"targetNamespace", "exporter", "exporterVersion", "expressionLanguage", "typeLanguage"}
            | {"xsi:schemaLocation"}
        ),
    ),
    "process": (_ROOT, frozenset({"isExecutable", "processType", "isClosed"})),
    "collaboration": (_ROOT, frozenset({"isClosed"})),
    "participant": (frozenset({"collaboration"}), frozenset({"processRef"})),
    "messageFlow": (frozenset({"collaboration"}), frozenset({"sourceRef", "targetRef", "messageRef"})),
    "message": (_ROOT, frozenset({"itemRef"})),
    "error": (_ROOT, frozenset({"errorCode", "structureRef"})),
    "signal": (_ROOT, frozenset({"structureRef"})),
    "escalation": (_ROOT, frozenset({"escalationCode", "structureRef"})),
    "category": (_ROOT, frozenset()),
    "categoryValue": (frozenset({"category"}), frozenset({"value"})),
    "laneSet": (frozenset({"process"}), frozenset()),
    "lane": (frozenset({"laneSet", "childLaneSet"}), frozenset()),
    "childLaneSet": (frozenset({"lane"}), frozenset()),
    "flowNodeRef": (frozenset({"lane"}), frozenset()),
    "sequenceFlow": (_LEVEL, frozenset({"sourceRef", "targetRef", "isImmediate"})),
    "conditionExpression": (frozenset({"sequenceFlow"}), _EXPRESSION),
    "startEvent": (_LEVEL, frozenset({"isInterrupting", "parallelMultiple"})),
    "endEvent": (_LEVEL, frozenset()),
    "intermediateCatchEvent": (_LEVEL, frozenset({"parallelMultiple"})),
    "intermediateThrowEvent": (_LEVEL, frozenset()),
    "boundaryEvent": (_LEVEL, frozenset({"attachedToRef", "cancelActivity", "parallelMultiple"})),
    "eventDefinitionRef": (EVENTS, frozenset()),
    "timerEventDefinition": (_DEFINED, frozenset()),
    "timeDate": (frozenset({"timerEventDefinition"}), _TYPED),
    "timeDuration": (frozenset({"timerEventDefinition"}), _TYPED),
    "timeCycle": (frozenset({"timerEventDefinition"}), _TYPED),
    "messageEventDefinition": (_DEFINED, frozenset({"messageRef"})),
    "signalEventDefinition": (_DEFINED, frozenset({"signalRef"})),
    "errorEventDefinition": (_DEFINED, frozenset({"errorRef"})),
    "escalationEventDefinition": (_DEFINED, frozenset({"escalationRef"})),
    "conditionalEventDefinition": (_DEFINED, frozenset()),
    "condition": (frozenset({"conditionalEventDefinition"}), _EXPRESSION),
    "compensateEventDefinition": (_DEFINED, frozenset({"activityRef", "waitForCompletion"})),
    "cancelEventDefinition": (_DEFINED, frozenset()),
    "terminateEventDefinition": (_DEFINED, frozenset()),
    "linkEventDefinition": (_DEFINED, frozenset()),
    "source": (frozenset({"linkEventDefinition"}), frozenset()),
    "target": (frozenset({"linkEventDefinition"}), frozenset()),
    "task": (_LEVEL, _ACTIVITY),
    "manualTask": (_LEVEL, _ACTIVITY),
    "userTask": (_LEVEL, _TASK),
    "serviceTask": (_LEVEL, _TASK),
    "sendTask": (_LEVEL, _TASK | {"messageRef"}),
    "receiveTask": (_LEVEL, _TASK | {"messageRef", "instantiate"}),
    "businessRuleTask": (_LEVEL, _TASK),
    "scriptTask": (_LEVEL, _ACTIVITY | {"scriptFormat"}),
    "script": (frozenset({"scriptTask"}), frozenset()),
    "callActivity": (_LEVEL, _ACTIVITY | {"calledElement"}),
    "subProcess": (_LEVEL, _ACTIVITY | {"triggeredByEvent"}),
    "transaction": (_LEVEL, _ACTIVITY | {"triggeredByEvent", "method"}),
    "adHocSubProcess": (_LEVEL, _ACTIVITY | {"triggeredByEvent", "ordering", "cancelRemainingInstances"}),
    "humanPerformer": (frozenset({"userTask"}), frozenset()),
    "potentialOwner": (frozenset({"userTask"}), frozenset()),
    "resourceAssignmentExpression": (frozenset({"humanPerformer", "potentialOwner"}), frozenset()),
    "formalExpression": (frozenset({"resourceAssignmentExpression"}), _EXPRESSION),
    "exclusiveGateway": (_LEVEL, _GATEWAY | {"default"}),
    "inclusiveGateway": (_LEVEL, _GATEWAY | {"default"}),
    "complexGateway": (_LEVEL, _GATEWAY | {"default"}),
    "activationCondition": (frozenset({"complexGateway"}), _EXPRESSION),
    "parallelGateway": (_LEVEL, _GATEWAY),
    "eventBasedGateway": (_LEVEL, _GATEWAY | {"instantiate", "eventGatewayType"}),
    "multiInstanceLoopCharacteristics": (
        ACTIVITIES,
        frozenset({"isSequential", "behavior", "oneBehaviorEventRef", "noneBehaviorEventRef"}),
    ),
    "loopCardinality": (_LOOP, _TYPED),
    "completionCondition": (_LOOP | {"adHocSubProcess"}, _EXPRESSION),
    "loopDataInputRef": (_LOOP, frozenset()),
    "inputDataItem": (_LOOP, frozenset({"itemSubjectRef"})),
    "loopDataOutputRef": (_LOOP, frozenset()),
    "outputDataItem": (_LOOP, frozenset({"itemSubjectRef"})),
    "standardLoopCharacteristics": (ACTIVITIES, frozenset({"testBefore", "loopMaximum"})),
    "loopCondition": (frozenset({"standardLoopCharacteristics"}), _EXPRESSION),
    "incoming": (FLOW_NODES, frozenset()),
    "outgoing": (FLOW_NODES, frozenset()),
    "textAnnotation": (_LEVEL | {"collaboration"}, frozenset({"textFormat"})),
    "text": (frozenset({"textAnnotation"}), frozenset()),
    "association": (
        _LEVEL | {"collaboration"},
        frozenset({"sourceRef", "targetRef", "associationDirection"}),
    ),
    "group": (_LEVEL | {"collaboration"}, frozenset({"categoryValueRef"})),
}
# These two may stand in any element.
EVERYWHERE = {"documentation": frozenset({"textFormat"}), "extensionElements": frozenset[str]()}
SHARED_ATTRIBUTES = _ANY

# Attributes whose one accepted value is BPMN's default: another one would change how it runs.
DEFAULTS = {
    "startQuantity": "1",
    "completionQuantity": "1",
    "parallelMultiple": "false",
    "instantiate": "false",
    "eventGatewayType": "Exclusive",
    "waitForCompletion": "true",
    "isImmediate": "true",
    "method": "##Compensate",
}

# Every other element of BPMN 2.0, so that a typing error is told apart from what is not accepted.
REFUSED = frozenset(
    {
        "artifact",
        "assignment",
        "auditing",
        "boundaryEventDefinition",
        "callChoreography",
        "callConversation",
        "callableElement",
        "choreography",
        "choreographyTask",
        "complexBehaviorDefinition",
        "conversation",
        "conversationAssociation",
        "conversationLink",
        "correlationKey",
        "correlationProperty",
        "correlationPropertyBinding",
        "correlationPropertyRetrievalExpression",
        "correlationSubscription",
        "dataInput",
        "dataOutput",
        "dataPath",
        "dataState",
        "endPoint",
        "extension",
        "from",
        "globalBusinessRuleTask",
        "globalChoreographyTask",
        "globalConversation",
        "globalManualTask",
        "globalScriptTask",
        "globalTask",
        "globalUserTask",
        "implicitThrowEvent",
        "import",
        "inMessageRef",
        "inputSet",
        "interface",
        "ioBinding",
        "ioSpecification",
        "messageFlowAssociation",
        "messagePath",
        "monitoring",
        "operation",
        "operationRef",
        "outMessageRef",
        "outputSet",
        "participantAssociation",
        "participantMultiplicity",
        "partitionElement",
        "partnerEntity",
        "partnerRole",
        "performer",
        "relationship",
        "rendering",
        "resource",
        "resourceParameter",
        "resourceParameterBinding",
        "resourceRef",
        "resourceRole",
        "subChoreography",
        "subConversation",
        "supportedInterfaceRef",
        "supports",
        "to",
        "transformation",
    }
)

# camunda:ELEMENT: (where it may stand, its attributes). Those directly in extensionElements are
# placed by the element that owns them.
EXTENSIONS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "properties": (
        FLOW_NODES
        | {"process", "sequenceFlow", "lane", "participant", "collaboration", "message", "error", "signal"}
        | {"escalation", "formField"},
        frozenset(),
    ),
    "property": (frozenset({"properties"}), frozenset({"id", "name", "value"})),
    "inputOutput": (
        ACTIVITIES | EVENTS,
        frozenset(),
    ),
    "inputParameter": (frozenset({"inputOutput"}), frozenset({"name"})),
    "outputParameter": (frozenset({"inputOutput"}), frozenset({"name"})),
    "script": (
        frozenset(
            {"inputParameter", "outputParameter", "list", "entry", "executionListener", "taskListener"}
        ),
        frozenset({"scriptFormat", "resource"}),
    ),
    "executionListener": (FLOW_NODES | {"process", "sequenceFlow"}, _LISTENER),
    "taskListener": (FLOW_NODES | {"process", "sequenceFlow"}, _LISTENER),
    "list": (frozenset({"inputParameter", "outputParameter", "list", "entry"}), frozenset()),
    "map": (frozenset({"inputParameter", "outputParameter", "list", "entry"}), frozenset()),
    "entry": (frozenset({"map"}), frozenset({"key"})),
    "value": (frozenset({"list", "formField"}), frozenset({"id", "name"})),
    "formData": (frozenset({"userTask", "startEvent"}), frozenset({"businessKey"})),
    "formField": (
        frozenset({"formData"}),
        frozenset({"id", "label", "type", "defaultValue", "datePattern"}),
    ),
    "validation": (frozenset({"formField"}), frozenset()),
    "failedJobRetryTimeCycle": (FLOW_NODES | {"multiInstanceLoopCharacteristics"}, frozenset()),
    "constraint": (frozenset({"validation"}), frozenset({"name", "config"})),
    "errorEventDefinition": (
        frozenset({"serviceTask", "sendTask", "businessRuleTask"}),
        frozenset({"id", "errorRef", "expression"}),
    ),
    "in": (
        frozenset({"callActivity", "signalEventDefinition"}),
        frozenset({"source", "sourceExpression", "target", "variables", "businessKey", "local"}),
    ),
    "out": (
        frozenset({"callActivity"}),
        frozenset({"source", "sourceExpression", "target", "variables", "local"}),
    ),
}

# camunda:formField: the types, and the constraints that each type may have besides these two.
FIELD_TYPES = {
    "string": frozenset({"minlength", "maxlength"}),
    "long": frozenset({"min", "max"}),
    "boolean": frozenset[str](),
    "date": frozenset[str](),
    "enum": frozenset[str](),
}
FIELD_CONSTRAINTS = frozenset({"required", "readonly"})

# camunda:ATTRIBUTE by element.
EXTENSION_ATTRIBUTES: dict[str, frozenset[str]] = {
    "process": frozenset(
        {"candidateStarterUsers", "candidateStarterGroups", "versionTag", "isStartableInTasklist"}
        | {"jobPriority", "taskPriority", "historyTimeToLive"}
    ),
    "startEvent": frozenset({"initiator", "formKey", "formRef", "formRefBinding", "formRefVersion"}),
    "userTask": frozenset(
        {"assignee", "candidateUsers", "candidateGroups", "dueDate", "followUpDate", "priority"}
        | {"formKey", "formRef", "formRefBinding", "formRefVersion"}
    ),
    "serviceTask": frozenset({"type", "topic", "taskPriority"}),
    "sendTask": frozenset({"type", "topic", "taskPriority"}),
    "businessRuleTask": frozenset(
        {"decisionRef", "decisionRefBinding", "decisionRefVersion", "resultVariable", "mapDecisionResult"}
        | {"type", "topic", "taskPriority"}
    ),
    "callActivity": frozenset({"calledElementBinding", "calledElementVersion", "calledElementVersionTag"}),
    "multiInstanceLoopCharacteristics": frozenset({"collection", "elementVariable"}),
    "scriptTask": frozenset({"resultVariable"}),
    "messageEventDefinition": frozenset({"type", "topic", "taskPriority"}),
    "errorEventDefinition": frozenset({"errorCodeVariable", "errorMessageVariable"}),
    "escalationEventDefinition": frozenset({"escalationCodeVariable"}),
    "conditionalEventDefinition": frozenset({"variableName", "variableEvents"}),
    "error": frozenset({"errorMessage"}),
}
# Besides these, of each flow node.
SHARED_EXTENSION_ATTRIBUTES = frozenset({"jobPriority"})
# What modelers write for themselves.
SILENT_ATTRIBUTES = frozenset(
    {"modelerTemplate", "modelerTemplateVersion", "modelerTemplateIcon", "diagramRelationId"}
)
# Of every flow node, and of the instances of an activity: where the transaction ends and a job goes on.
SAVEPOINTS = frozenset({"asyncBefore", "asyncAfter", "async", "exclusive"})
SAVED = FLOW_NODES | {"multiInstanceLoopCharacteristics"}
