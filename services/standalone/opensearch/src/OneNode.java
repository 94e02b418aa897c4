import java.lang.reflect.Constructor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

/**
 * One node of OpenSearch, made of the server's jars on the class path, until SIGTERM. The arguments are its settings,
 * `name=value`.
 *
 * By reflection, so that an older Java than the one that the server needs can compile it.
 */
public final class OneNode {
    private static final List<String> PLUGINS = List.of(
        "org.opensearch.transport.Netty4ModulePlugin",
        "org.opensearch.analysis.common.CommonAnalysisModulePlugin"
    );

    public static void main(String[] arguments) throws Exception {
        Map<String, String> settings = new HashMap<>();
        for (String argument : arguments) {
            String[] parts = argument.split("=", 2);
            settings.put(parts[0], parts[1]);
        }
        Class<?> node = Class.forName("org.opensearch.node.Node");
        Object running = newNode(node, environment(settings));
        node.getMethod("start").invoke(running);
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.getMethod("close").invoke(running);
            } catch (ReflectiveOperationException error) {
                System.err.println("The node was not closed: " + error.getCause());
            }
            ended.countDown();
        }));
        ended.await();
    }

    private static Object newNode(Class<?> node, Object environment) throws ReflectiveOperationException {
        Constructor<?> protectedOne =
            node.getDeclaredConstructor(environment.getClass(), Collection.class, boolean.class);
        protectedOne.setAccessible(true);
        Collection<Object> plugins = new ArrayList<>();
        for (String name : PLUGINS) {
            plugins.add(plugin(name));
        }
        return protectedOne.newInstance(environment, plugins, true);
    }

    private static Object environment(Map<String, String> settings) throws ReflectiveOperationException {
        Class<?> type = Class.forName("org.opensearch.common.settings.Settings");
        Supplier<String> name = () -> settings.getOrDefault("node.name", "node");
        return Class.forName("org.opensearch.node.InternalSettingsPreparer")
            .getMethod("prepareEnvironment", type, Map.class, Path.class, Supplier.class)
            .invoke(null, type.getField("EMPTY").get(null), settings, null, name);
    }

    private static Object plugin(String name) throws ReflectiveOperationException {
        Class<?> version = Class.forName("org.opensearch.Version");
        Constructor<?> described = Arrays.stream(Class.forName("org.opensearch.plugins.PluginInfo").getConstructors())
            .filter(each -> Arrays.equals(each.getParameterTypes(), new Class<?>[] {
                String.class, String.class, String.class, version, String.class, String.class, List.class, boolean.class
            }))
            .findFirst()
            .orElseThrow();
        String java = Integer.toString(Runtime.version().feature());
        return described.newInstance(name, "", "", version.getField("CURRENT").get(null), java, name, List.of(), false);
    }
}
